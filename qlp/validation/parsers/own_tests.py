"""Output of support/py_tests.py and js_tests.cjs: results as the runner itself tells them, not as anything prints."""

from __future__ import annotations

import json
from typing import Any

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_SHOWN = 50
_TEXT = 2500


def own_tests(result: ExecResult) -> Reading:
    """Green only if the runner came to its end, says so, and some test passed."""
    try:
        report: dict[str, Any] = json.loads(result.stdout)
    except ValueError:
        return _broken(result, {})
    counts = report["counts"]
    facts: dict[str, int | float | str] = {
        "tests_passed": counts.get("passed", 0),
        "tests_failed": counts.get("failed", 0) + counts.get("error", 0),
        "tests_skipped": counts.get("skipped", 0),
    }
    if report["runner"] == "program":
        return Reading() if result.ok else _broken(result, {}, "test-failed")
    findings = tuple(_finding(row) for row in report["failed"][:_SHOWN])
    if findings:
        return Reading(findings, facts)
    if report["ended"] is None:
        during = f" during {report['running']}" if report["running"] else ""
        message = f"the tests did not come to their end{during}: the process {how_it_ended(result)}\n{tail(result)}"
        return Reading((Finding(rule="tests-broken", severity="high", message=message),), facts)
    if report["ended"] == 5 or (result.ok and not counts.get("passed")):
        message = f"{report['runner']} ran no test that passed"
        return Reading((Finding(rule="no-test-ran", severity="high", message=message),), facts)
    if not result.ok or report["ended"] != 0:
        return _broken(result, facts)
    return Reading(facts=facts)


def _finding(row: dict[str, Any]) -> Finding:
    text = row["text"].strip()
    shown = text if len(text) <= _TEXT else f"{text[: _TEXT // 4]}\n[...]\n{text[-_TEXT * 3 // 4 :]}"
    first = row["message"].strip().splitlines()
    message = f"{row['name']}: {first[0] if first else 'failed'}\n{shown}".strip()
    return Finding(
        rule="test-failed",
        severity="high",
        message=message,
        file=relative(row["file"]) if row["file"] else None,
        line=row["line"],
    )


def _broken(result: ExecResult, facts: dict[str, int | float | str], rule: str = "tests-broken") -> Reading:
    message = f"the tests: {how_it_ended(result)}\n{tail(result, 25)}"
    return Reading((Finding(rule=rule, severity="high", message=message),), facts)
