"""Rust's test harness: `cargo test`, or programs made with `rustc --test`."""

from __future__ import annotations

import re

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_RESULT = re.compile(r"^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored;", re.M)
_SECTION = re.compile(r"^---- (?P<name>[^\n]+?) stdout ----\n(?P<body>.*?)(?=^---- |^\n?failures:$|\Z)", re.M | re.S)
_PANIC = re.compile(r"panicked at [^\n]*?(?:\n[^\n]*?)*?,? (?P<file>[\w./-]+\.rs):(?P<line>\d+):(?P<col>\d+)")
_SHOWN = 1500


def libtest(result: ExecResult) -> Reading:
    """Counts over all test programs, doc-tests included."""
    out = result.stdout.decode("utf-8", "replace")
    counts = [tuple(map(int, row)) for row in _RESULT.findall(out)]
    facts: dict[str, int | float | str] = {
        "tests_passed": sum(c[0] for c in counts),
        "tests_failed": sum(c[1] for c in counts),
        "tests_skipped": sum(c[2] for c in counts),
    }
    if result.ok and not facts["tests_failed"]:
        if facts["tests_passed"]:
            return Reading(facts=facts)
        none = Finding(rule="no-test-ran", severity="high", message="the test run had no test that passed")
        return Reading((none,), facts)
    findings = tuple(map(_finding, _SECTION.finditer(out)))
    if not findings:
        rule = "test-failed" if counts else "tests-broken"
        message = f"the test run {how_it_ended(result)}\n{tail(result, 25)}"
        findings = (Finding(rule=rule, severity="high", message=message),)
    return Reading(findings[:50], facts)


def _finding(section: re.Match[str]) -> Finding:
    body = section["body"].strip()
    place = _PANIC.search(body)
    return Finding(
        rule="test-failed",
        severity="high",
        message=f"{section['name']}\n{body[:_SHOWN]}",
        file=relative(place["file"]) if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["col"]) if place else None,
    )
