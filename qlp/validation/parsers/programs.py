"""Output of support/programs.py: test programs whose exit code is the verdict."""

from __future__ import annotations

import re

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, tail

_LINE = re.compile(r"^(?P<state>ok|not ok|not compiled) (?P<name>[^\n]*?)(?:: (?P<why>[^\n]*))?$", re.M)
_SANITIZER = re.compile(
    r"(?:ERROR: (?P<asan>\w*Sanitizer): (?P<kind>[\w-]+)|(?P<file>[^\s:]+):(?P<line>\d+):(?P<col>\d+): runtime error: )"
)
_FRAME = re.compile(r"#\d+ 0x[0-9a-f]+ in \S+ (?:/workspace/)?(?P<file>(?!/|\.\./)[^\s:]+):(?P<line>\d+)")
_SHOWN = 2000


def programs(result: ExecResult) -> Reading:
    """Counts are programs; one that a sanitizer stopped has the rule of that sanitizer."""
    out = result.stdout.decode("utf-8", "replace")
    marks = list(_LINE.finditer(out))
    failed = [m for m in marks if m["state"] == "not ok"]
    passed = sum(m["state"] == "ok" for m in marks)
    facts: dict[str, int | float | str] = {
        "tests_passed": passed, "tests_failed": len(failed), "tests_skipped": 0,
    }  # fmt: skip
    ends = [*(m.start() for m in marks), len(out)][1:]
    findings = tuple(_finding(m, out[m.end() : end]) for m, end in zip(marks, ends, strict=True) if m["state"] != "ok")
    if findings:
        return Reading(findings, facts)
    if not result.ok:
        message = f"the test programs: {how_it_ended(result)}\n{tail(result)}"
        return Reading((Finding(rule="tests-broken", severity="high", message=message),), facts)
    if not passed:
        return Reading((Finding(rule="no-test-ran", severity="high", message="no test program ran"),), facts)
    return Reading(facts=facts)


def _finding(mark: re.Match[str], printed: str) -> Finding:
    body = "\n".join(line[4:] for line in printed.splitlines() if line.startswith("    "))
    shown = body if len(body) <= _SHOWN else f"{body[: _SHOWN // 2]}\n[...]\n{body[-_SHOWN // 2 :]}"
    message = f"{mark['name']} {mark['why'] or 'failed'}\n{shown}".strip()
    if mark["state"] == "not compiled" or (mark["why"] or "").startswith("the compiler"):
        return Finding(rule="tests-broken", severity="high", message=message)
    found = _SANITIZER.search(body)
    if not found:
        return Finding(rule="test-failed", severity="high", message=message)
    place = found if found["file"] else _FRAME.search(body, found.end())
    return Finding(
        rule=found["kind"] if found["asan"] else "undefined-behaviour",
        severity="critical",
        message=message,
        file=place["file"].removeprefix("./") if place else None,
        line=int(place["line"]) if place else None,
    )
