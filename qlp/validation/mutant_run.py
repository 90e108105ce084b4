"""What became of one mutant: killed, survived, or no program at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qlp.sandbox.protocol import Command, ExecResult

Outcome = Literal["killed", "survived", "invalid"]


@dataclass(frozen=True)
class MutantRun:
    outcome: Outcome
    exit_code: int | None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    why: str = ""
    result: ExecResult | None = None
    """Of the last command that ran."""

    @staticmethod
    def of(outcome: Outcome, results: Sequence[ExecResult], why: str = "") -> MutantRun:
        """`results` of the commands in their order, at least one."""
        wall_s, cpu_s = sum(r.wall_s for r in results), sum(r.cpu_s for r in results)
        return MutantRun(outcome, results[-1].exit_code, wall_s, cpu_s, why, results[-1])


_NO_PROGRAM = re.compile(
    rb"\[(?:build|setup) failed\]"  # go
    rb"|^error(?:\[E\d{4}\])?: .*\n(?:.*\n)?\s*-->|could not compile `"  # rustc, cargo
    rb"|^\d+ errors?$|\.java:\d+: error: "  # javac
    rb"|^[^\s:]+\.\w+:\d+:\d+: (?:fatal )?error: |undefined reference to|ld returned \d"  # gcc, g++
    rb"|\berror CS\d{4}:"  # mcs
    rb"|Transform failed with \d+ error|error TS\d+:|ERR_INVALID_TYPESCRIPT_SYNTAX",  # esbuild, tsc, node
    re.M,
)
"""What compilers say, here, of a text that is no program of their language."""

_PARSERS: dict[str, tuple[str, ...]] = {
    ".rb": ("ruby", "-c"),
    ".php": ("php", "-l"),
    ".sh": ("bash", "-n"),
    ".bash": ("bash", "-n"),
    ".js": ("node", "--check"),
    ".mjs": ("node", "--check"),
    ".cjs": ("node", "--check"),
}


def parses(path: str) -> Command | None:
    """The command that says whether a changed file still parses; None where the test run says it as well."""
    argv = _PARSERS.get(path[path.rfind(".") :])
    return Command(argv=(*argv, f"./{path}"), wall_s=20) if argv else None


def classify(result: ExecResult, failed: bool) -> Outcome:
    """`failed` is what the tests' own reading says. A run that does not end is a kill: the fault shows."""
    if not failed:
        return "survived"
    if result.timed_out or result.oom or result.signal is not None:
        return "killed"
    return "invalid" if _NO_PROGRAM.search(result.stdout) or _NO_PROGRAM.search(result.stderr) else "killed"
