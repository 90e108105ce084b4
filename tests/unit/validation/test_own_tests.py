"""Readings of our own test runners, linters and type checkers, on outputs as the tools print them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qlp.sandbox.protocol import ExecResult
from qlp.validation.coverage import _go_profile
from qlp.validation.parsers.eslint import eslint
from qlp.validation.parsers.mypy import mypy
from qlp.validation.parsers.own_tests import own_tests
from qlp.validation.parsers.ruff import ruff, severity
from qlp.validation.parsers.tsc import tsc

pytestmark = pytest.mark.unit


def ended(code: int | None = 0, out: str = "", err: str = "", **other: Any) -> ExecResult:
    return ExecResult(
        exit_code=code, stdout=out.encode(), stderr=err.encode(), wall_s=0.1, cpu_s=0.1, max_rss_bytes=1, **other
    )


def told(code: int = 0, **report: Any) -> ExecResult:
    empty = {"runner": "pytest", "ended": code, "running": "", "counts": {}, "failed": []}
    return ended(code, json.dumps({**empty, **report}), "5 passed in 0.01s\n")


def test_green_is_what_the_runner_tells_from_its_end() -> None:
    reading = own_tests(told(counts={"passed": 2, "skipped": 1}))
    assert not reading.findings
    assert reading.facts == {"tests_passed": 2, "tests_failed": 0, "tests_skipped": 1}


@pytest.mark.parametrize(
    ("result", "rule"),
    [
        (told(ended=None, counts={"passed": 2}, running="test_a.py::test_x"), "tests-broken"),
        (told(counts={"skipped": 3}), "no-test-ran"),
        (told(5), "no-test-ran"),
        (told(3, counts={"passed": 1}), "tests-broken"),
        (told(ended=1, counts={"passed": 1}), "tests-broken"),
        (told(runner="program", code=1), "test-failed"),
        (ended(0, "", "5 passed in 0.01s"), "tests-broken"),
        (ended(None, "", "..", signal=9, timed_out=True), "tests-broken"),
    ],
)
def test_anything_else_is_a_failure(result: ExecResult, rule: str) -> None:
    assert [f.rule for f in own_tests(result).findings] == [rule]


def test_a_failed_test_keeps_its_place_and_its_example_even_if_the_exit_code_is_0() -> None:
    row = {"name": "t.py::test_a", "outcome": "failed", "file": "t.py", "line": 7, "message": "assert 1 == 2",
           "text": "x" * 9000 + "\nE   Falsifying example: test_a(n=1000)"}  # fmt: skip
    (finding,) = own_tests(told(counts={"passed": 1, "failed": 1}, failed=[row])).findings
    assert (finding.rule, finding.file, finding.line) == ("test-failed", "t.py", 7)
    assert finding.message.startswith("t.py::test_a: assert 1 == 2")
    assert "n=1000" in finding.message
    assert len(finding.message) < 3000


@pytest.mark.parametrize(
    ("code", "file", "level"),
    [
        ("F401", "app/main.py", "medium"),
        ("F401", "app/__init__.py", "low"),
        ("B006", "a.py", "medium"),
        ("B904", "a.py", "low"),
        ("E501", "a.py", "low"),
        ("E701", "a.py", "low"),
        ("E722", "a.py", "medium"),
        ("D100", "a.py", "low"),
        ("invalid-syntax", "a.py", "medium"),
    ],
)
def test_what_is_suspicious_fails_and_taste_is_shown(code: str, file: str, level: str) -> None:
    assert severity(code, file) == level


def test_ruff_places() -> None:
    row = {"code": None, "message": "bad", "filename": "/workspace/a.py", "location": {"row": 3, "column": 8}}
    (finding,) = ruff(ended(1, json.dumps([row]))).findings
    assert (finding.rule, finding.file, finding.line, finding.column) == ("invalid-syntax", "a.py", 3, 8)
    assert ruff(ended(2, "", "panic")).broken


MYPY = json.dumps(
    {
        "file": "./a.py",
        "line": 3,
        "column": 4,
        "message": "no",
        "hint": None,
        "code": "import-not-found",
        "severity": "error",
    }
)


def test_a_package_that_the_sandbox_lacks_is_no_defect_if_the_project_asks_for_it() -> None:
    assert [f.severity for f in mypy(depends=True)(ended(1, MYPY)).findings] == ["low"]
    assert [f.severity for f in mypy(depends=False)(ended(1, MYPY)).findings] == ["medium"]
    said = "src/a.ts(1,20): error TS2307: Cannot find module '@x/y/z' or its corresponding type declarations.\n"
    assert [f.severity for f in tsc({"@x/y"})(ended(2, said)).findings] == ["low"]
    assert [f.severity for f in tsc(())(ended(2, said)).findings] == ["medium"]


def test_tsc_messages_go_on_over_lines_and_may_have_no_place() -> None:
    said = (
        "src/a b.ts(4,7): error TS2322: Type 'A' is not assignable to type 'B'.\n  Property 'x' is missing.\n"
        "error TS2688: Cannot find type definition file for 'jest'.\n"
    )
    first, second = tsc(())(ended(2, said)).findings
    assert (first.file, first.line, first.column, first.severity) == ("src/a b.ts", 4, 7, "medium")
    assert "Property 'x'" in first.message
    assert (second.rule, second.file, second.severity) == ("TS2688", None, "low")
    assert tsc(())(ended(1, "error: no such option")).broken


def test_eslint_levels() -> None:
    rows = [
        {
            "ruleId": "eqeqeq",
            "severity": 2,
            "message": "m",
            "line": 1,
            "column": 2,
            "fix": {"range": [0, 1], "text": ""},
        },
        {"ruleId": "prefer-const", "severity": 1, "message": "m", "line": 1, "column": 2},
        {"ruleId": None, "severity": 2, "message": "Parsing error", "line": 0, "column": 0},
    ]
    found = eslint(ended(1, json.dumps([{"filePath": "/workspace/src/a.js", "messages": rows}]))).findings
    assert [(f.rule, f.severity, f.file) for f in found] == [
        ("eqeqeq", "medium", "src/a.js"),
        ("prefer-const", "low", "src/a.js"),
        ("parse", "medium", "src/a.js"),
    ]
    assert found[0].fix == "eslint --fix"
    assert found[2].line is None


def test_a_go_statement_that_one_package_ran_is_covered() -> None:
    profile = "mode: set\nx/a.go:1.1,3.2 2 0\nx/a.go:4.1,5.2 1 0\nx/a.go:1.1,3.2 2 1\n"
    assert _go_profile(profile.encode()) == {"x/a.go": (2, 3)}
