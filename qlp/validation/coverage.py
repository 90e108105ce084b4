"""Which share of a project's lines its tests run, measured by the languages' own means. Tests do not count as lines."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from qlp.models import Finding, ProjectLanguage
from qlp.sandbox.protocol import Command, Sandbox
from qlp.validation.check import Check
from qlp.validation.depth import Depth
from qlp.validation.evidence import Recorder
from qlp.validation.project import Project
from qlp.validation.readings import how_it_ended, tail
from qlp.validation.test_files import is_code
from qlp.validation.toolchains._support import support

SHOWN = 5
"""Files without any covered line that become findings."""
_REPORT_S = 60.0
_DATA = "/tmp/qlp-coverage"
"""In the sandbox, outside of the workspace."""

Measure = Callable[["_Run"], Awaitable[Depth]]


async def measure_coverage(
    sandbox: Sandbox, project: Project, test_checks: tuple[Check, ...], recorder: Recorder, *, wall_s: float
) -> Depth:
    """Run the tests once more, under the language's own tracer, within `wall_s` seconds.

    Facts: coverage_percent (of lines; of statements for Go), coverage_lines (how many lines there are). Absent, with a
    reason, where there is no tracer for the language in the sandbox or the tests do not end well under it. Raises
    SandboxError if the sandbox breaks.
    """
    measure = _BY_LANGUAGE.get(project.contract.language)
    if measure is None:
        return Depth(reason=f"coverage: no tracer for {project.contract.language} is in the sandbox")
    if not test_checks:
        return Depth(reason="coverage: no tests")
    return await measure(_Run(sandbox, project, test_checks, recorder, time.monotonic() + wall_s))


class _Run:
    """One measurement: the tests under a tracer, then the tracer's report."""

    def __init__(
        self, sandbox: Sandbox, project: Project, checks: tuple[Check, ...], recorder: Recorder, deadline: float
    ) -> None:
        self.sandbox = sandbox
        self.project = project
        self.checks = checks
        self._recorder = recorder
        self._deadline = deadline

    def code(self, *suffixes: str) -> list[str]:
        theirs = self.project.contract.given
        return [p for p in self.project.of(suffixes) if p in self.project.text and is_code(p) and p not in theirs]

    async def tests(self, env: dict[str, str]) -> str:
        """Why the tests could not be traced; empty when they were."""
        for check in self.checks:
            command = check.command.model_copy(
                update={"env": {**check.command.env, **env}, "argv": (*check.command.argv, *check.paths)}
            )
            why = await self.command(command)
            if why:
                return f"the tests under the tracer: {why}"
        return ""

    async def command(self, command: Command) -> str:
        left = self._deadline - time.monotonic()
        if left < 1:
            return "the time was used up"
        limit = min(command.wall_s or left, left)
        result = await self.sandbox.run(command.model_copy(update={"wall_s": limit}))
        return "" if result.ok else f"{how_it_ended(result)}: {tail(result, 3)}"

    async def report(self, tool: str, command: Command, read: Callable[[bytes], dict[str, tuple[int, int]]]) -> Depth:
        """Facts and evidence of the command that prints the figures; `read` gives file -> (covered, lines)."""
        result = await self.sandbox.run(command)
        proof = self._recorder.record("tests", tool, command, result)
        if not result.ok:
            return Depth(evidence=(proof,), reason=f"coverage: {tool} {how_it_ended(result)}: {tail(result, 3)}")
        try:
            files = read(result.stdout)
        except (ValueError, KeyError, TypeError) as error:
            return Depth(evidence=(proof,), reason=f"coverage: the report of {tool} cannot be read: {error}")
        covered, lines = (sum(pair[i] for pair in files.values()) for i in (0, 1))
        if not lines:
            return Depth(evidence=(proof,), reason="coverage: there is no line of code to cover")
        facts: dict[str, int | float | str] = {
            "coverage_percent": round(100 * covered / lines, 1),
            "coverage_lines": lines,
        }
        bare = sorted(p for p, (ran, all_) in files.items() if all_ and not ran)
        message = "no test runs a line of this file"
        findings = tuple(
            Finding(rule="file-not-tested", severity="info", message=message, file=p, tool=tool, evidence=proof.id)
            for p in bare[:SHOWN]
        )
        return Depth(facts, findings, (proof,))


_RC = "[run]\nparallel = true\nsigterm = true\npatch = subprocess\ndata_file = {data}/data\nsource = .\n"


async def _python(run: _Run) -> Depth:
    """coverage.py starts in every Python process of the tests by its own .pth file, so the command stays as it is."""
    await run.sandbox.put({".qlp/coverage.ini": _RC.format(data=_DATA).encode()})
    setup = 'rm -rf "$1" && mkdir "$1" && python3 -c "import coverage"'
    why = await run.command(Command(argv=("sh", "-c", setup, "sh", _DATA), wall_s=20))
    if why:
        return Depth(reason=f"coverage: coverage.py cannot be used here: {why}")
    why = await run.tests({"COVERAGE_PROCESS_START": "/workspace/.qlp/coverage.ini"})
    if why:
        return Depth(reason=f"coverage: {why}")
    shown = (
        "python3 -m coverage combine -q --rcfile=.qlp/coverage.ini >&2 && "
        'python3 -m coverage json -q -i --rcfile=.qlp/coverage.ini -o - --include="$1"'
    )
    include = ",".join(f"./{p}" for p in run.code(".py"))
    command = Command(argv=("sh", "-c", shown, "sh", include), wall_s=_REPORT_S)
    return await run.report("coverage", command, _coverage_py)


def _coverage_py(raw: bytes) -> dict[str, tuple[int, int]]:
    files: dict[str, Any] = json.loads(raw)["files"]
    return {
        path: (entry["summary"]["covered_lines"], entry["summary"]["num_statements"]) for path, entry in files.items()
    }


async def _node(run: _Run) -> Depth:
    """V8 writes what ran, for every node process of the tests; our own summary maps it back to the sources' lines."""
    if any("vitest" in word for check in run.checks for word in check.command.argv):
        return Depth(reason="coverage: vitest's own tracer is not in the sandbox")
    await run.sandbox.put(support("js_coverage.cjs"))
    why = await run.command(Command(argv=("sh", "-c", 'rm -rf "$1" && mkdir "$1"', "sh", _DATA), wall_s=20))
    why = why or await run.tests({"NODE_V8_COVERAGE": _DATA})
    if why:
        return Depth(reason=f"coverage: {why}")
    names = run.code(".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
    command = Command(argv=("node", ".qlp/js_coverage.cjs", _DATA), stdin="\0".join(names).encode(), wall_s=_REPORT_S)
    return await run.report("node", command, _pairs)


def _pairs(raw: bytes) -> dict[str, tuple[int, int]]:
    files: dict[str, list[int]] = json.loads(raw)["files"]
    return {path: (pair[0], pair[1]) for path, pair in files.items()}


_BLOCK = re.compile(r"^(?P<file>[^\n]+?):\d+\.\d+,\d+\.\d+ (?P<n>\d+) (?P<ran>\d+)$", re.M)


async def _go(run: _Run) -> Depth:
    profile = f"{_DATA}.out"
    traced = ("go", "test", "-coverpkg=./...", f"-coverprofile={profile}", "./...")
    why = await run.command(Command(argv=traced))
    if why:
        return Depth(reason=f"coverage: the tests under the tracer: {why}")
    return await run.report("go", Command(argv=("cat", profile), wall_s=_REPORT_S), _go_profile)


def _go_profile(raw: bytes) -> dict[str, tuple[int, int]]:
    """Statements; with -coverpkg each test binary lists every block again, and one that ran it is enough."""
    blocks: dict[str, tuple[str, int, bool]] = {}
    for found in _BLOCK.finditer(raw.decode("utf-8", "replace")):
        where = found.group(0).rsplit(" ", 1)[0]
        ran = found["ran"] != "0" or blocks.get(where, ("", 0, False))[2]
        blocks[where] = (found["file"], int(found["n"]), ran)
    files: dict[str, tuple[int, int]] = {}
    for file, count, ran in blocks.values():
        covered, total = files.get(file, (0, 0))
        files[file] = (covered + count * ran, total + count)
    return files


_BY_LANGUAGE: dict[ProjectLanguage, Measure] = {
    "python": _python,
    "javascript": _node,
    "typescript": _node,
    "go": _go,
}
