"""JUnit's console launcher: the tree, the failures and the counts that it prints."""

from __future__ import annotations

import re

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, tail

_MAX_FINDINGS = 50
_COUNT = re.compile(r"^\[ +(\d+) tests (found|skipped|aborted|successful|failed) +\]$", re.M)
_FAILURES = re.compile(r"^Failures \(\d+\):$", re.M)
_FAILURE = re.compile(r"^  (?P<name>JUnit [^\n]+)\n(?P<body>(?:    [^\n]*\n?)+)", re.M)
_FRAME = re.compile(r"^ +(?:\w+/)?(?P<method>[\w.$<>]+)\((?P<file>\w+\.java):(?P<line>\d+)\)$", re.M)
_LIBRARY = ("org.junit.", "org.opentest4j.", "org.hamcrest.", "java.", "jdk.", "junit.")
_CONTAINER = re.compile(r"^\[ +(\d+) containers failed +\]$", re.M)


def junit(result: ExecResult) -> Reading:
    """The launcher's exit code: 0 all passed, 1 something failed; without its counts it never ran."""
    out = result.stdout.decode("utf-8", "replace")
    counts = {name: int(n) for n, name in _COUNT.findall(out)}
    facts: dict[str, int | float | str] = {
        "tests_passed": counts.get("successful", 0),
        "tests_failed": counts.get("failed", 0),
        "tests_skipped": counts.get("skipped", 0) + counts.get("aborted", 0),
    }
    if result.ok and not facts["tests_failed"]:
        if facts["tests_passed"]:
            return Reading(facts=facts)
        none = Finding(rule="no-test-ran", severity="high", message=f"JUnit ran no test that passed\n{tail(result, 6)}")
        return Reading((none,), facts)
    start = _FAILURES.search(out)
    findings = tuple(map(_finding, _FAILURE.finditer(out, start.end()))) if start else ()
    if not findings:
        message = f"the test run {how_it_ended(result)}\n{tail(result, 25)}"
        rule = "test-failed" if facts["tests_failed"] else "tests-broken"
        findings = (Finding(rule=rule, severity="high", message=message),)
    return Reading(findings[:_MAX_FINDINGS], facts)


def _finding(found: re.Match[str]) -> Finding:
    name = ":".join(found["name"].split(":")[1:])
    lines = [line.strip() for line in found["body"].splitlines() if not line.lstrip().startswith("MethodSource")]
    own = next((f for f in _FRAME.finditer(found["body"]) if not f["method"].startswith(_LIBRARY)), None)
    place = f" at {own['file']}:{own['line']}" if own else ""
    return Finding(
        rule="test-failed", severity="high", message=f"{name}{place}\n" + "\n".join(lines[:12]),
        line=int(own["line"]) if own else None, file=None,
    )  # fmt: skip
