"""Can the tests fail at all? Small faults are put into the code, one at a time, and the tests run on each."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from qlp.models import Evidence, Finding, ProjectLanguage, at_least
from qlp.sandbox.protocol import Command, ExecResult, Sandbox
from qlp.validation.check import Check
from qlp.validation.depth import Depth
from qlp.validation.evidence import Recorder
from qlp.validation.mutant_run import MutantRun, Outcome, classify, parses
from qlp.validation.project import Project
from qlp.validation.readings import how_it_ended, tail
from qlp.validation.test_files import is_code
from qlp.validation.toolchains._support import support

SHOWN = 5
"""Survivors that become findings."""
ENOUGH = 3
"""From so many mutants on, a suite that kills none is called one that cannot fail."""
_SPARE = 2
"""Proposals for each mutant wanted: some do not compile."""
_SLOWER = 3.0
"""How many times the time of the unchanged run a mutant gets ..."""
_GRACE_S = 5.0
"""... and what is added, for a machine that is busy."""
_PROPOSE_S = 30.0
FAIL_FAST = "QLP_FAIL_FAST"
"""Tells our own test runners that the first failure is enough."""

_SUFFIXES: dict[ProjectLanguage, tuple[str, ...]] = {
    "python": (".py",),
    "javascript": (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"),
    "typescript": (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"),
    "go": (".go",),
    "java": (".java",),
    "rust": (".rs",),
    "c": (".c", ".h"),
    "c++": (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".h"),
    "c#": (".cs",),
    "ruby": (".rb",),
    "php": (".php",),
    "bash": (".sh", ".bash"),
}
_MAIN = "import sys; sys.path.insert(0, '.qlp'); import runpy; runpy.run_module('mutants', run_name='__main__')"
_ARGV = ("python3", "-I", "-B", "-c", _MAIN)
_SUPPORT = tuple(
    f"mutants/{name}.py"
    for name in ("__init__", "__main__", "code", "mutant", "python_code", "sample", "scopes", "tokens", "words")
)


async def sample_mutants(
    sandbox: Sandbox,
    project: Project,
    test_checks: tuple[Check, ...],
    recorder: Recorder,
    *,
    count: int,
    wall_s: float,
    seed: int,
) -> Depth:
    """Try up to `count` mutants within `wall_s` seconds in the sandbox where the tests were green.

    The sandbox holds the original files again when this ends, also by an error or a cancellation. Facts are absent
    where nothing was tried. Raises SandboxError if the sandbox breaks.
    """
    deadline = time.monotonic() + wall_s
    paths = _mutable(project)
    if not test_checks or not paths:
        return Depth(reason="mutants: no tests" if not test_checks else "mutants: no source file that can be changed")
    await sandbox.put(support(*_SUPPORT))
    asked = {"files": paths, "count": count * _SPARE + 2, "seed": seed}
    command = Command(argv=_ARGV, stdin=json.dumps(asked).encode(), wall_s=_PROPOSE_S)
    proposed = await sandbox.run(command)
    proof = recorder.record("tests", "mutants", command, proposed)
    if not proposed.ok:
        return Depth(evidence=(proof,), reason=f"mutants: {how_it_ended(proposed)}: {tail(proposed, 3)}")
    rows: list[dict[str, Any]] = json.loads(proposed.stdout)["mutants"]
    if not rows:
        return Depth(_facts(0, 0, 0), (), (proof,), "mutants: the code holds nothing that can be changed")
    return await _Trial(sandbox, project, test_checks, recorder, deadline).run(rows, count, proof)


def _mutable(project: Project) -> list[str]:
    suffixes = _SUFFIXES.get(project.contract.language, ())
    theirs = project.contract.given
    return [p for p in project.of(suffixes) if p in project.text and p not in theirs and is_code(p)]


class _Trial:
    """The runs: one of the unchanged code before, one of each mutant, one of the unchanged code after."""

    def __init__(
        self, sandbox: Sandbox, project: Project, checks: tuple[Check, ...], recorder: Recorder, deadline: float
    ) -> None:
        self._sandbox = sandbox
        self._project = project
        self._checks = checks
        self._recorder = recorder
        self._deadline = deadline
        self._builds = tuple(
            Command(argv=c.argv, env=dict(c.env)) for c in project.contract.commands if c.purpose == "build"
        )
        self._executable = frozenset(f.path for f in project.files if f.executable)

    async def run(self, rows: list[dict[str, Any]], count: int, proof: Evidence) -> Depth:
        before = await self._tests(max(1.0, self._left()))
        if before.outcome != "survived":
            return self._not_repeatable(before, proof, "when it was run a second time")
        limit = before.wall_s * _SLOWER + _GRACE_S
        tried: list[tuple[dict[str, Any], MutantRun]] = []
        for row in rows:
            enough = sum(r.outcome != "invalid" for _, r in tried) >= count
            if enough or self._left() < before.wall_s * 2 + 1:  # the run after the last one needs its time too
                break
            tried.append((row, await self._mutant(row, min(limit, self._left()))))
        after = await self._tests(limit)
        if after.outcome != "survived":
            return self._not_repeatable(after, proof, "after the code was changed and put back")
        return self._depth(tried, after, proof)

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    async def _mutant(self, row: Mapping[str, Any], limit: float) -> MutantRun:
        path, text = row["file"], self._project.text[row["file"]]
        if text[row["start"] : row["end"]] != row["original"]:
            return MutantRun("invalid", None, why="the proposal does not fit the file")
        changed = text[: row["start"]] + row["replacement"] + text[row["end"] :]
        executable = self._executable & {path}
        try:
            await self._sandbox.put({path: changed.encode()}, executable=executable)
            check = parses(path)
            if check is not None:
                parsed = await self._sandbox.run(check)
                if not parsed.ok:
                    return MutantRun.of("invalid", [parsed], "it does not parse")
            return await self._tests(limit)
        finally:
            await _surely(self._sandbox.put({path: text.encode()}, executable=executable))

    async def _tests(self, limit: float) -> MutantRun:
        """Build and run the tests. `survived` means that all were green."""
        results: list[ExecResult] = []
        for build in self._builds:
            results.append(await self._sandbox.run(build.model_copy(update={"wall_s": limit})))
            if not results[-1].ok:
                return MutantRun.of("invalid", results, "it does not build")
        for check in self._checks:
            env = {**check.command.env, FAIL_FAST: "1"}
            argv = (*check.command.argv, *check.paths)
            command = check.command.model_copy(update={"argv": argv, "wall_s": limit, "env": env})
            results.append(await self._sandbox.run(command))
            outcome = classify(results[-1], _fails(check, results[-1]))
            if outcome != "survived":
                return MutantRun.of(outcome, results, how_it_ended(results[-1]))
        return MutantRun.of("survived", results)

    def _not_repeatable(self, run: MutantRun, proof: Evidence, when: str) -> Depth:
        shown = tail(run.result, 10) if run.result is not None else run.why
        finding = Finding(
            rule="tests-not-repeatable",
            severity="medium",
            message=f"the suite was green and then failed {when}, on the same code: {run.why}\n{shown}",
            fix="let each test make and remove its own state",
            tool="mutants",
        )
        return Depth(findings=(finding,), evidence=(proof,), reason="mutants: the tests are not repeatable")

    def _depth(self, tried: list[tuple[dict[str, Any], MutantRun]], after: MutantRun, proof: Evidence) -> Depth:
        counts: dict[Outcome, int] = {"killed": 0, "survived": 0, "invalid": 0}
        for _, run in tried:
            counts[run.outcome] += 1
        valid = counts["killed"] + counts["survived"]
        evidence = (proof, self._summary(tried, after))
        if not valid:
            facts: dict[str, int | float | str] = {"mutants_invalid": counts["invalid"]}
            why = "none compiled" if tried else "the time was used up"
            return Depth(facts, (), evidence, f"mutants: {why}")
        facts = _facts(valid, counts["killed"], counts["invalid"])
        survivors = [row for row, run in tried if run.outcome == "survived"]
        findings = [self._survivor(row, evidence[1].id) for row in survivors[:SHOWN]]
        if valid >= ENOUGH and not counts["killed"]:
            findings.insert(
                0,
                Finding(
                    rule="tests-cannot-fail",
                    severity="high",
                    message=f"{valid} faults were put into the code, one at a time, and no test failed",
                    fix="assert what the code returns and does",
                    tool="mutants",
                    evidence=evidence[1].id,
                ),
            )
        return Depth(facts, tuple(findings), evidence)

    def _survivor(self, row: Mapping[str, Any], evidence: str) -> Finding:
        new = f"`{_short(row['replacement'])}`" if row["replacement"] else "nothing"
        return Finding(
            rule="mutant-survived",
            severity="info",
            message=f"no test fails when `{_short(row['original'])}` becomes {new}",
            file=row["file"],
            line=row["line"],
            column=row["column"],
            tool="mutants",
            evidence=evidence,
        )

    def _summary(self, tried: list[tuple[dict[str, Any], MutantRun]], after: MutantRun) -> Evidence:
        """The run of the unchanged code that came last. In place of its output stands a line for each mutant before it,
        and `cpu_s` is of all of them."""
        lines = [
            json.dumps(
                {
                    **{k: row[k] for k in ("file", "line", "column", "operator", "original", "replacement")},
                    "outcome": run.outcome,
                    "exit_code": run.exit_code,
                    "wall_s": round(run.wall_s, 2),
                    "why": run.why,
                }
            )
            for row, run in tried
        ]
        assert after.result is not None
        total = sum(run.cpu_s for _, run in tried) + after.cpu_s
        kept = after.result.model_copy(
            update={"stdout": "\n".join(lines).encode(), "stderr": b"", "truncated": True, "cpu_s": total}
        )
        return self._recorder.record("tests", "mutants", self._checks[-1].command, kept)


def _facts(tried: int, killed: int, invalid: int) -> dict[str, int | float | str]:
    return {"mutants_tried": tried, "mutants_killed": killed, "mutants_invalid": invalid}


def _fails(check: Check, result: ExecResult) -> bool:
    """Whether the check calls the run failed; output that it cannot read counts only by its exit code."""
    try:
        reading = check.parse(result)
    except (ValueError, KeyError, TypeError, IndexError):
        return not result.ok
    return not result.ok or bool(reading.broken) or any(at_least(f.severity, "medium") for f in reading.findings)


def _short(text: str, limit: int = 60) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 3]}..."


async def _surely(work: Any) -> None:
    """Await to the end even if the caller is cancelled meanwhile, then let the cancellation go on."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


__all__ = ["ENOUGH", "sample_mutants"]
