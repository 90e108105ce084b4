"""Reviewers over the scripted server, and what becomes of their findings when commands are asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qlp.config import ModelSettings, RunSettings, Settings
from qlp.models import ContractFile, InterfaceContract, SourceFile, StageResult, Verdict
from qlp.pipeline.model_stack import ModelStack
from qlp.sandbox.protocol import Command, ExecResult, Limits
from qlp.store import Database, sqlite_url
from qlp.validation.opinions import ModelReview, reviewers
from qlp.validation.opinions.answer import UnreadableAnswerError, read_answer
from qlp.validation.opinions.runners import runner_of
from qlp.validation.policy import Policy, load_policy
from qlp.validation.project import Project
from tests.support.fake_door import ISOLATION
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.unit
CODE = "def add(a, b):\n    return a - b\n"
TEST = "from calc import add\n\n\ndef test_adds():\n    assert add(2, 2) == 4\n"
FILES = (SourceFile(path="calc.py", content=CODE),)
CONTRACT = InterfaceContract(
    project="p", kind="unknown", language="python", files=(ContractFile(path="calc.py", task="given"),)
)
PROJECT = Project(FILES, CONTRACT)
FAILED = (
    b"tests/test_reproduction.py:5: in test_adds\n    assert add(2, 2) == 4\nE   assert 0 == 4\n"
    b"FAILED tests/test_reproduction.py::test_adds - assert 0 == 4\n1 failed\n"
)
ALONE = b"ERROR tests/test_reproduction.py - ModuleNotFoundError: No module named 'calc'\n1 error during collection\n"


def answer(*findings: Mapping[str, Any], test: str = TEST, path: str = "tests/test_reproduction.py") -> str:
    return f"```json\n{json.dumps({'findings': list(findings)})}\n```\n\n````python path={path}\n{test}````\n"


def row(severity: str = "critical", **fields: Any) -> dict[str, Any]:
    about = {"rule": "Wrong Sign", "severity": severity, "file": "calc.py", "line": 2, "message": "it subtracts"}
    return {**about, "reproduction": "tests/test_reproduction.py", "expect": "assert 0 == 4", **fields}


def passed() -> Verdict:
    stages = tuple(StageResult(stage=s, status="passed") for s in ("syntax", "tests"))
    return Verdict(input_digest="sha256:0", stages=stages, required=("syntax", "tests"), verified=True)


class Room:
    """A sandbox that answers the reproduction as told: with the project first, alone second."""

    isolation = ISOLATION

    def __init__(self, backend: Sandboxes) -> None:
        self._backend = backend
        self._files = False

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        self._files = True

    async def run(self, command: Command, **_: Any) -> ExecResult:
        self._backend.commands.append(command)
        code, said = self._backend.there if self._files else self._backend.alone
        return ExecResult(exit_code=code, stdout=said, stderr=b"", wall_s=0.1, cpu_s=0.1, max_rss_bytes=1)


class Sandboxes:
    name = "fake"

    def __init__(self, there: tuple[int, bytes] = (1, FAILED), alone: tuple[int, bytes] = (2, ALONE)) -> None:
        self.there = there
        self.alone = alone
        self.commands: list[Command] = []

    @asynccontextmanager
    async def open(self, profile: str, limits: Limits = Limits(), **_: Any) -> AsyncIterator[Room]:
        yield Room(self)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(sqlite_url(tmp_path))
    yield made
    made.close()


async def review(
    database: Database,
    tmp_path: Path,
    replies: list[Reply],
    sandboxes: Sandboxes,
    *,
    policy: Policy | None = None,
    url: str | None = None,
    **runs: Any,
) -> Verdict:
    rules = policy or load_policy("development").model_copy(update={"opinions": ("logic",)})
    with ScriptedServer(replies) as server:
        settings = Settings(
            home=tmp_path,
            models=ModelSettings(base_url=url or server.url, api_key="k", price="free", timeout_s=10),
            runs=RunSettings(**runs),
        )
        ask = ModelReview(sandboxes, ModelStack(settings, database), settings)  # type: ignore[arg-type]
        return await ask(FILES, CONTRACT, passed(), policy=rules, requirements="adds", tenant="t")


async def test_a_confirmed_finding_blocks_with_its_evidence(database: Database, tmp_path: Path) -> None:
    sandboxes = Sandboxes()
    verdict = await review(database, tmp_path, [Reply(text=answer(row()))], sandboxes)
    assert not verdict.verified
    tests = verdict.stage("tests")
    assert tests is not None
    assert tests.status == "failed"
    (found,) = tests.findings
    assert (found.source, found.severity, found.rule, found.line) == ("model", "critical", "logic.wrong-sign", 2)
    assert found.tool == "custom:scripted" or found.tool.endswith(":scripted")
    (proof,) = tests.evidence
    assert proof.id == found.evidence
    assert TEST in proof.argv, "the command alone shows the defect again"
    assert verdict.opinions == (found,)


@pytest.mark.parametrize(
    ("there", "alone", "why"),
    [
        ((0, b"1 passed"), (2, ALONE), "its reproduction passes"),
        ((2, ALONE), (2, ALONE), "does not fail as it says"),
        ((1, FAILED.replace(b"assert 0 == 4", b"assert 1 == 4")), (2, ALONE), "does not fail as it says"),
        ((1, b"E   ModuleNotFoundError: No module named 'x' assert 0 == 4\nFAILED a::b - ModuleNotFoundError: x\n"),
         (2, ALONE), "does not fail as it says"),
        ((1, b"FAILED a::b - NameError: assert 0 == 4\ntests/test_reproduction.py:4: NameError\n"),
         (2, ALONE), "does not fail as it says"),
        ((1, FAILED), (1, FAILED), "fails without the project too"),
        ((5, b"no tests ran assert 0 == 4"), (5, b""), "does not fail as it says"),
    ],
)  # fmt: skip
async def test_what_no_command_confirms_stays_an_opinion(
    database: Database, tmp_path: Path, there: tuple[int, bytes], alone: tuple[int, bytes], why: str
) -> None:
    verdict = await review(database, tmp_path, [Reply(text=answer(row()))], Sandboxes(there, alone))
    assert verdict.verified
    (opinion,) = verdict.opinions
    assert opinion.severity in ("info", "low")
    assert opinion.evidence is None
    assert why in opinion.message
    assert verdict.findings == ()


async def test_at_most_three_are_shown_and_none_without_a_reproduction_blocks(
    database: Database, tmp_path: Path
) -> None:
    rows = [row(reproduction=None, rule=f"r{n}") for n in range(5)]
    sandboxes = Sandboxes()
    verdict = await review(database, tmp_path, [Reply(text=answer(*rows))], sandboxes)
    assert verdict.verified
    assert len(verdict.opinions) == 3
    assert {o.severity for o in verdict.opinions} == {"low"}
    assert sandboxes.commands == []


async def test_an_outage_is_no_pass_and_no_fault(database: Database, tmp_path: Path) -> None:
    everybody = load_policy("development").model_copy(update={"opinions": ("logic", "requirements", "none-such")})
    replies = [Reply(match=".", status=503, times=50)]
    verdict = await review(database, tmp_path, replies, Sandboxes(), policy=everybody)
    assert verdict.verified == passed().verified
    assert verdict.stages == passed().stages
    assert verdict.opinions == ()
    assert set(verdict.opinions_skipped) == {"logic", "requirements", "none-such"}
    assert "did not answer" in verdict.opinions_skipped["logic"]
    assert "no such reviewer" in verdict.opinions_skipped["none-such"]


async def test_the_budget_and_nonsense_skip(database: Database, tmp_path: Path) -> None:
    poor = Decimal("0")
    with ScriptedServer([]) as server:
        models = ModelSettings(base_url=server.url, api_key="k", price="unknown")
        settings = Settings(home=tmp_path, models=models, runs=RunSettings(max_cost_usd=poor))
        ask = ModelReview(Sandboxes(), ModelStack(settings, database), settings)  # type: ignore[arg-type]
        rules = load_policy("development").model_copy(update={"opinions": ("logic",)})
        verdict = await ask(FILES, CONTRACT, passed(), policy=rules, requirements="", tenant="t")
    assert "budget" in verdict.opinions_skipped["logic"]
    assert server.calls == []
    nonsense = await review(database, tmp_path, [Reply(text="It looks good to me!")], Sandboxes())
    assert "no JSON object" in nonsense.opinions_skipped["logic"]


def test_the_built_in_reviewers_come_through_the_entry_point() -> None:
    assert {"logic", "requirements", "review"} <= set(reviewers())
    assert reviewers()["logic"].version.startswith("opinion-logic@")


@pytest.mark.parametrize("policy", ["production", "critical"])
def test_strict_policies_name_installed_reviewers(policy: str) -> None:
    assert set(load_policy(policy).opinions) <= set(reviewers())


def read(text: str) -> Any:
    return read_answer(text, PROJECT, reviewer="logic", model="m")


def test_answers_are_read_defensively() -> None:
    (one,) = read(answer(row("SEVERE", file="../etc", line=10**9, rule="x" * 500)))
    assert one.finding.severity == "low"
    assert one.finding.file is None
    assert one.finding.line is None
    assert len(one.finding.rule) < 80
    assert len(read(answer(*[row(rule=str(n)) for n in range(50)]))) == 5
    assert read('{"findings": []}') == ()
    assert len(read(answer({"severity": "high"}, row()))) == 1
    for text in ("", "{", "[]", '{"findings": 3}', "```json\n{}\n```", "[" * 50_000):
        with pytest.raises(UnreadableAnswerError):
            read(text)


def test_a_reproduction_never_replaces_a_file_of_the_project() -> None:
    for path in ("calc.py", "../x.py", "/tmp/x.py"):
        (one,) = read(answer(row(reproduction=path), path=path))
        assert one.reproduction is None
    (one,) = read(answer(row(expect="x")))
    assert one.reproduction is None, "too short to prove anything"


def test_an_exception_out_of_the_projects_code_counts() -> None:
    runner = runner_of("python")
    assert runner is not None
    text = (
        b"tests/test_reproduction.py:4: in test_x\n    mean([])\ncalc.py:2: in mean\n    return sum(x) / len(x)\n"
        b"E   ZeroDivisionError: division by zero\nFAILED tests/test_reproduction.py::test_x - ZeroDivisionError: d\n"
    )
    noise = b"/opt/plugin.py:306: SomeWarning: in one line\n"
    result = ExecResult(exit_code=1, stdout=text, stderr=noise, wall_s=0, cpu_s=0, max_rss_bytes=0)
    assert runner.failed(result, "tests/test_reproduction.py", {"calc.py"})
    assert not runner.failed(result, "tests/test_reproduction.py", {"other.py"})
    assert runner_of("ruby") is None
