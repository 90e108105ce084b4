"""Sampling of mutants over a sandbox that is played: restoring, time, what counts as killed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from qlp.models import Finding, Isolation, SourceFile
from qlp.sandbox.protocol import Command, ExecResult
from qlp.validation import Check, Project, Reading, infer_contract
from qlp.validation.depth import Depth
from qlp.validation.evidence import Recorder, digest_of
from qlp.validation.mutant_run import classify, parses
from qlp.validation.mutation import sample_mutants

pytestmark = pytest.mark.unit

ISOLATION = Isolation(backend="docker", runtime="runc", image="x", image_digest="sha256:0")
CODE = "def add(a, b):\n    return a + b\n\n\ndef twice(a):\n    return a * 2\n"


def ended(code: int | None = 0, out: str = "", **other: Any) -> ExecResult:
    return ExecResult(
        exit_code=code, stdout=out.encode(), stderr=b"", wall_s=0.01, cpu_s=0.01, max_rss_bytes=1, **other
    )


class Played:
    """A sandbox whose test command is a function of the files."""

    isolation = ISOLATION

    def __init__(self, rows: list[dict[str, Any]], tests: Callable[[str], ExecResult]) -> None:
        self.rows = rows
        self.tests = tests
        self.text = CODE
        self.commands: list[Command] = []

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        await asyncio.sleep(0)
        self.text = files.get("calc.py", self.text.encode()).decode()

    async def run(self, command: Command, *, on_output: object = None) -> ExecResult:
        self.commands.append(command)
        await asyncio.sleep(0)
        if command.stdin:
            return ended(0, json.dumps({"files": 1, "proposed": len(self.rows), "mutants": self.rows}))
        return self.tests(self.text)


def rows(*changes: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {"file": "calc.py", "start": (at := CODE.index(old)), "end": at + len(old), "original": old, "replacement": new,
         "operator": "arithmetic", "line": CODE[:at].count("\n") + 1, "column": 1, "function": ""}
        for old, new in changes
    ]  # fmt: skip


def parse(result: ExecResult) -> Reading:
    if result.ok:
        return Reading(facts={"tests_passed": 1})
    return Reading((Finding(rule="test-failed", severity="high", message="no"),))


async def sampled(sandbox: Played, count: int = 10, wall_s: float = 60) -> Depth:
    files = (SourceFile(path="calc.py", content=CODE), SourceFile(path="test_calc.py", content="def test_a(): ...\n"))
    check = Check("pytest", Command(argv=("pytest",)), parse)
    recorder = Recorder(digest_of(files), ISOLATION, {})
    project = Project(files, infer_contract(files))
    return await sample_mutants(sandbox, project, (check,), recorder, count=count, wall_s=wall_s, seed=1)  # type: ignore[arg-type]


async def test_killed_and_survived_are_counted_and_survivors_shown() -> None:
    sandbox = Played(rows(("a + b", "a - b"), ("a * 2", "a * 3")), lambda text: ended(1 if "a - b" in text else 0))
    depth = await sampled(sandbox)
    assert depth.facts == {"mutants_tried": 2, "mutants_killed": 1, "mutants_invalid": 0}
    (survivor,) = depth.findings
    assert (survivor.rule, survivor.severity, survivor.file, survivor.line) == (
        "mutant-survived", "info", "calc.py", 6,
    )  # fmt: skip
    assert "`a * 2` becomes `a * 3`" in survivor.message
    outcomes = [json.loads(line)["outcome"] for line in depth.evidence[-1].stdout.splitlines()]
    assert outcomes == ["killed", "survived"]
    assert depth.evidence[-1].ok
    assert sandbox.text == CODE


async def test_a_suite_that_kills_nothing_cannot_fail() -> None:
    depth = await sampled(Played(rows(*((f"a {o} ", "a / ") for o in "+*"), ("b\n", "a\n")), lambda text: ended(0)))
    assert [f.rule for f in depth.findings if f.severity == "high"] == ["tests-cannot-fail"]


async def test_two_survivors_prove_nothing_yet() -> None:
    depth = await sampled(Played(rows(("a + b", "b"), ("a * 2", "a")), lambda text: ended(0)))
    assert {f.rule for f in depth.findings} == {"mutant-survived"}


async def test_a_suite_that_is_green_only_once_is_reported_and_nothing_is_counted() -> None:
    depth = await sampled(Played(rows(("a + b", "b")), lambda text: ended(1)))
    assert [f.rule for f in depth.findings] == ["tests-not-repeatable"]
    assert "mutants_tried" not in depth.facts


async def test_a_suite_that_a_mutant_broke_for_good_is_not_counted() -> None:
    broken = []

    def tests(text: str) -> ExecResult:
        if text != CODE:
            broken.append(text)
        return ended(1 if broken else 0)

    depth = await sampled(Played(rows(("a + b", "b"), ("a * 2", "a")), tests))
    assert [f.rule for f in depth.findings] == ["tests-not-repeatable"]
    assert depth.facts == {}


async def test_no_more_than_asked_for_and_nothing_without_time() -> None:
    many = rows(("a + b", "a"), ("a * 2", "a"), ("a, b", "b, a"))
    assert (await sampled(Played(many, lambda text: ended(0)), count=2)).facts["mutants_tried"] == 2
    late = await sampled(Played(many, lambda text: ended(0)), wall_s=0.5)
    assert "mutants_tried" not in late.facts
    assert "time" in late.reason


async def test_code_without_anything_to_change_is_tried_zero_times() -> None:
    depth = await sampled(Played([], lambda text: ended(0)))
    assert depth.facts["mutants_tried"] == 0
    assert not depth.findings


@pytest.mark.parametrize("how", ["cancelled", "the sandbox breaks"])
async def test_the_original_is_put_back_whatever_happens(how: str) -> None:
    reached = asyncio.Event()

    class Stuck(Played):
        async def run(self, command: Command, *, on_output: object = None) -> ExecResult:
            if self.text != CODE:
                reached.set()
                if how != "cancelled":
                    raise ConnectionError("gone")
                await asyncio.Event().wait()
            return await super().run(command)

    sandbox = Stuck(rows(("a + b", "a - b")), lambda text: ended(0))
    task = asyncio.create_task(sampled(sandbox))
    await reached.wait()
    if how == "cancelled":
        task.cancel()
    with pytest.raises((asyncio.CancelledError, ConnectionError)):
        await task
    assert sandbox.text == CODE


@pytest.mark.parametrize(
    "said",
    [
        "FAIL\texample.com/calc [build failed]\n",
        "error[E0308]: mismatched types\n --> src/lib.rs:2:5\n",
        "src/A.java:4: error: incompatible types\n1 error\n",
        "calc.c:3:10: error: invalid operands to binary -\n",
        "Program.cs(3,9): error CS0019: Operator `-' cannot be applied\n",
        "Error: Transform failed with 1 error:\n/workspace/a.ts:1:2: ERROR: Unexpected\n",
    ],
)
def test_what_does_not_compile_is_no_kill(said: str) -> None:
    assert classify(ended(1, said), failed=True) == "invalid"
    assert classify(ended(0, said), failed=False) == "survived"


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (ended(1, "assert 1 == 2"), "killed"),
        (ended(None, "", signal=9, timed_out=True), "killed"),
        (ended(None, "", signal=11), "killed"),
        (ended(1, "1 failed, 2 errors in 0.1s"), "killed"),
    ],
)
def test_what_fails_or_does_not_end_is_killed(result: ExecResult, outcome: str) -> None:
    assert classify(result, failed=True) == outcome


def test_which_files_are_parsed_before_the_tests_run() -> None:
    command = parses("lib/-x.rb")
    assert command is not None
    assert command.argv == ("ruby", "-c", "./lib/-x.rb")
    assert parses("calc.go") is None
