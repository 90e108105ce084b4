from __future__ import annotations

import json

import pytest

from qlp.sandbox.protocol import ExecResult
from qlp.validation import readings

pytestmark = pytest.mark.unit


def ended(code: int | None = 0, out: str = "", err: str = "", **other: object) -> ExecResult:
    return ExecResult(
        exit_code=code, stdout=out.encode(), stderr=err.encode(), wall_s=0.1, cpu_s=0.1, max_rss_bytes=1, **other
    )


def test_pytest_counts_and_the_failing_test_with_its_traceback() -> None:
    out = """F.                                                                       [100%]
=================================== FAILURES ===================================
___________________________________ test_one ___________________________________
tests/test_a.py:2: in test_one
    assert 1 == 2
E   assert 1 == 2
=========================== short test summary info ============================
FAILED tests/test_a.py::test_one - assert 1 == 2
1 failed, 1 passed in 0.02s
"""
    reading = readings.pytest(ended(1, out))
    assert reading.facts == {"tests_passed": 1, "tests_failed": 1, "tests_skipped": 0}
    assert reading.findings[0].file == "tests/test_a.py"
    assert "assert 1 == 2" in reading.findings[0].message
    assert "test_a.py:2" in reading.findings[0].message


@pytest.mark.parametrize(
    ("code", "out"),
    [(5, "no tests ran in 0.01s\n"), (0, "3 skipped in 0.01s\n"), (0, "")],
    ids=["nothing collected", "all skipped", "the process ended itself early with 0"],
)
def test_a_test_run_without_a_passing_test_fails(code: int, out: str) -> None:
    reading = readings.pytest(ended(code, out))
    assert [f.rule for f in reading.findings] == ["no-test-ran"]


def test_pytest_that_cannot_collect_is_a_finding_with_the_output() -> None:
    reading = readings.pytest(ended(4, "", "ImportError while loading conftest\n"))
    assert reading.findings[0].rule == "tests-broken"
    assert "ImportError" in reading.findings[0].message


def test_ruff_findings_carry_rule_place_and_fix() -> None:
    row = {
        "code": "F401",
        "message": "`os` imported but unused",
        "filename": "/workspace/app/main.py",
        "location": {"row": 3, "column": 8},
        "fix": {"message": "Remove unused import: `os`"},
    }
    (finding,) = readings.ruff(ended(1, json.dumps([row]))).findings
    assert (finding.rule, finding.file, finding.line, finding.column) == ("F401", "app/main.py", 3, 8)
    assert finding.fix == "Remove unused import: `os`"


@pytest.mark.parametrize(
    "parse", [readings.ruff, readings.mypy, readings.bandit, readings.eslint, readings.ruff_format]
)
def test_a_tool_that_broke_has_checked_nothing(parse: readings.Parser) -> None:
    reading = parse(ended(2, "", "panic: no such option"))
    assert "no such option" in reading.broken
    assert not reading.findings


def test_mypy_that_fails_without_a_finding_is_broken_not_clean() -> None:
    assert readings.mypy(ended(1, "INTERNAL ERROR")).broken


def test_bandit_that_could_not_read_a_file_is_broken() -> None:
    data = {"errors": [{"filename": "./a.py", "reason": "syntax error while parsing AST"}], "results": []}
    assert "a.py" in readings.bandit(ended(0, json.dumps(data))).broken


def test_tsc_positions() -> None:
    (finding,) = readings.tsc(ended(2, "src/a.ts(4,7): error TS2322: Type 'string' is not assignable\n")).findings
    assert (finding.file, finding.line, finding.column, finding.rule) == ("src/a.ts", 4, 7, "TS2322")


def test_tsc_that_fails_without_a_position_is_broken() -> None:
    assert readings.tsc(ended(1, "error TS5058: The specified path does not exist")).broken


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (ended(None, signal=11), "signal 11"),
        (ended(None, signal=9, timed_out=True), "time limit"),
        (ended(None, signal=9, oom=True), "out of memory"),
        (ended(3), "exited 3"),
    ],
)
def test_how_a_command_ended_in_words(result: ExecResult, words: str) -> None:
    assert words in readings.how_it_ended(result)
