"""Parsers of the tools for scripts and data, on what the tools really printed."""

from __future__ import annotations

import json

import pytest

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Parser
from qlp.validation.parsers.phpcs import phpcs
from qlp.validation.parsers.phpunit import phpunit
from qlp.validation.parsers.report import report
from qlp.validation.parsers.rubocop import rubocop
from qlp.validation.parsers.ruby_tests import minitest, rspec
from qlp.validation.parsers.shellcheck import shellcheck
from qlp.validation.parsers.tap import tap
from qlp.validation.parsers.yamllint import yamllint

pytestmark = pytest.mark.unit


def ended(code: int | None, out: str = "", err: str = "", **other: object) -> ExecResult:
    return ExecResult(
        exit_code=code, stdout=out.encode(), stderr=err.encode(), wall_s=0.1, cpu_s=0.1, max_rss_bytes=1, **other
    )


def rows(findings: tuple[Finding, ...]) -> list[tuple[str, str, str | None, int | None]]:
    return [(f.rule, f.severity, f.file, f.line) for f in findings]


SHELLCHECK = """{"comments":[{"file":"./a.sh","line":2,"endLine":2,"column":10,"endColumn":12,"level":"error","code":2068,"message":"Double quote array expansions to avoid re-splitting elements.","fix":null},{"file":"./a.sh","line":3,"endLine":3,"column":8,"endColumn":10,"level":"info","code":2086,"message":"Double quote to prevent globbing and word splitting.","fix":{"replacements":[{"column":8,"endColumn":8,"endLine":3,"insertionPoint":"afterEnd","line":3,"precedence":10,"replacement":"\\""},{"column":10,"endColumn":10,"endLine":3,"insertionPoint":"beforeStart","line":3,"precedence":10,"replacement":"\\""}]}},{"file":"./a.sh","line":5,"endLine":5,"column":1,"endColumn":7,"level":"warning","code":2034,"message":"unused appears unused. Verify use (or export if used externally).","fix":null}]}
"""


def test_shellcheck_defects_fail_and_habits_are_shown() -> None:
    reading = shellcheck(ended(1, SHELLCHECK))
    assert rows(reading.findings) == [
        ("SC2068", "medium", "a.sh", 2),
        ("SC2086", "info", "a.sh", 3),
        ("SC2034", "info", "a.sh", 5),
    ]
    assert (reading.findings[0].column, reading.findings[0].end_column) == (10, 12)
    assert reading.findings[1].fix == "insert '\"'"


RUBOCOP = """/workspace/a.rb:2:3: W: Lint/UselessAssignment: Useless assignment to variable - `width`.
/workspace/a.rb:3:3: C: Security/Eval: The use of `eval` is a serious security risk.
/workspace/lib/b c.rb:4:1: C: [Correctable] Layout/TrailingWhitespace: Trailing whitespace detected.
"""


def test_rubocop_takes_lint_and_security_seriously_and_layout_not() -> None:
    reading = rubocop(ended(1, RUBOCOP))
    assert rows(reading.findings) == [
        ("Lint/UselessAssignment", "medium", "a.rb", 2),
        ("Security/Eval", "high", "a.rb", 3),
        ("Layout/TrailingWhitespace", "info", "lib/b c.rb", 4),
    ]
    assert reading.findings[2].fix


PHPCS = """src/comp.php:2:31: error - Opening brace should be on a new line (Squiz.Functions.MultiLineFunctionDeclaration.BraceOnSameLine)
src/Cart.php:17:13: warning - Code after the RETURN statement on line 16 cannot be executed (Squiz.PHP.NonExecutableCode.Unreachable)
src/Cart.php:19:9: warning - The use of function var_dump() is discouraged (Squiz.PHP.DiscouragedFunctions.Discouraged)
"""


def test_phpcs_tells_defects_from_taste() -> None:
    assert rows(phpcs(ended(2, PHPCS)).findings) == [
        ("Squiz.Functions.MultiLineFunctionDeclaration.BraceOnSameLine", "info", "src/comp.php", 2),
        ("Squiz.PHP.NonExecutableCode.Unreachable", "medium", "src/Cart.php", 17),
        ("Squiz.PHP.DiscouragedFunctions.Discouraged", "medium", "src/Cart.php", 19),
    ]


def test_yamllint() -> None:
    out = """./a.yaml:2:11: [error] forbidden implicit octal value "0644" (octal-values)
./a.yaml:2:11: [warning] trailing spaces (trailing-spaces)
./a.yaml:1:4: [error] found unused anchor "x" (anchors)
"""
    assert rows(yamllint(ended(1, out)).findings) == [
        ("octal-values", "medium", "a.yaml", 2),
        ("trailing-spaces", "info", "a.yaml", 2),
        ("anchors", "medium", "a.yaml", 1),
    ]


@pytest.mark.parametrize(
    ("parse", "code", "err"),
    [
        (shellcheck, 3, "unrecognized option\n"),
        (rubocop, 2, "Error: unrecognized cop\n"),
        (phpcs, 3, "ERROR: the standard is not installed\n"),
        (phpcs, 1, "PHP Fatal error\n"),
        (yamllint, 255, "invalid config\n"),
        (report("x"), 1, "Traceback\n"),
    ],
)
def test_a_linter_that_broke_has_checked_nothing(parse: Parser, code: int, err: str) -> None:
    reading = parse(ended(code, "", err))
    assert reading.broken
    assert err.strip() in reading.broken
    assert not reading.findings


def test_our_own_report_carries_positions_counts_and_what_could_not_be_checked() -> None:
    row = {"rule": "r", "severity": "high", "message": "m", "file": "a.x", "line": 3, "column": None, "fix": None}
    out = json.dumps({"files": 2, "findings": [row], "facts": {"manifests": 1}, "broken": ["b.x: no module"]})
    reading = report("manifests")(ended(0, out))
    assert rows(reading.findings) == [("r", "high", "a.x", 3)]
    assert reading.findings[0].tool == "manifests"
    assert reading.facts == {"files": 2, "manifests": 1}
    assert reading.broken == "b.x: no module"


BATS = """1..3
not ok 1 adds
# (in test file a.bats, line 2)
#   `[ 1 -eq 2 ]' failed
ok 2 fine
ok 3 later # skip no net
"""
PROVE = """t/a.t ..
1..2
not ok 1 - adds
#   Failed test 'adds'
#          got: '5'
#     expected: '3'
ok 2 - fine
Dubious, test returned 1 (wstat 256, 0x100)
Failed 1/2 subtests

Test Summary Report
-------------------
t/a.t (Wstat: 256 (exited 1) Tests: 2 Failed: 1)
Result: FAIL
"""


def test_bats_and_prove_count_and_explain() -> None:
    bats = tap("bats")(ended(1, BATS))
    assert bats.facts == {"tests_passed": 1, "tests_failed": 1, "tests_skipped": 1}
    assert "adds" in bats.findings[0].message
    assert "[ 1 -eq 2 ]" in bats.findings[0].message
    prove = tap("prove")(ended(1, PROVE))
    assert prove.facts == {"tests_passed": 1, "tests_failed": 1, "tests_skipped": 0}
    assert "expected: '3'" in prove.findings[0].message


MINITEST = """Run options: --seed 7011

# Running:

F.SE

Finished in 0.001271s, 3145.9253 runs/s, 1572.9627 assertions/s.

  1) Failure:
TestFoo#test_a [/workspace/test/test_foo.rb:5]:
Expected: 2
  Actual: 1

  2) Error:
TestFoo#test_d:
RuntimeError: boo
    /workspace/test/test_foo.rb:14:in `test_d'

4 runs, 2 assertions, 1 failures, 1 errors, 1 skips

You have skipped tests. Run with --verbose for details.
"""


def test_minitest_names_what_failed_and_where() -> None:
    reading = minitest(ended(1, MINITEST))
    assert reading.facts == {"tests_passed": 1, "tests_failed": 2, "tests_skipped": 1}
    first, second = reading.findings
    assert (first.rule, first.file, first.line) == ("test-failed", "test/test_foo.rb", 5)
    assert "Actual: 1" in first.message
    assert "RuntimeError: boo" in second.message


RSPEC = """F.

Failures:

  1) Foo adds
     Failure/Error: expect(Foo.new.a(1)).to eq(2)

       expected: 2
            got: 1

       (compared using ==)
     # ./spec/foo_spec.rb:4:in `block (2 levels) in <top (required)>'

Finished in 0.01897 seconds (files took 0.26667 seconds to load)
2 examples, 1 failure

Failed examples:

rspec ./spec/foo_spec.rb:3 # Foo adds
"""


def test_rspec_names_what_failed_and_where() -> None:
    reading = rspec(ended(1, RSPEC))
    assert reading.facts == {"tests_passed": 1, "tests_failed": 1, "tests_skipped": 0}
    assert (reading.findings[0].file, reading.findings[0].line) == ("spec/foo_spec.rb", 4)
    assert "got: 1" in reading.findings[0].message


def test_rspec_that_cannot_load_a_file_is_broken_tests() -> None:
    out = "No examples found.\n\n\n0 examples, 0 failures, 1 error occurred outside of examples\n"
    assert [f.rule for f in rspec(ended(1, out)).findings] == ["tests-broken"]


PHPUNIT = """PHPUnit 9.6.7 by Sebastian Bergmann and contributors.

F.S                                                                 3 / 3 (100%)

Time: 00:00.008, Memory: 4.00 MB

There was 1 failure:

1) CartTest::testTotal
Failed asserting that 2 is identical to 3.

/workspace/tests/CartTest.php:16

FAILURES!
Tests: 3, Assertions: 2, Failures: 1, Skipped: 1.
"""


def test_phpunit_names_what_failed_and_where() -> None:
    reading = phpunit(ended(1, PHPUNIT))
    assert reading.facts == {"tests_passed": 1, "tests_failed": 1, "tests_skipped": 1}
    (failed,) = reading.findings
    assert (failed.file, failed.line) == ("tests/CartTest.php", 16)
    assert "2 is identical to 3" in failed.message
    assert "FAILURES" not in failed.message


@pytest.mark.parametrize(
    ("parse", "out", "passed"),
    [
        (phpunit, "OK (3 tests, 4 assertions)\n", 3),
        (minitest, "6 runs, 12 assertions, 0 failures, 0 errors, 0 skips\n", 6),
        (minitest, "2 tests, 2 assertions, 0 failures, 0 errors, 0 pendings, 0 omissions, 0 notifications\n", 2),
        (rspec, "3 examples, 0 failures, 1 pending\n", 2),
        (tap("bats"), "1..2\nok 1 a\nok 2 b\n", 2),
    ],
)
def test_green_runs(parse: Parser, out: str, passed: int) -> None:
    reading = parse(ended(0, out))
    assert not reading.findings
    assert reading.facts["tests_passed"] == passed


@pytest.mark.parametrize(
    ("parse", "out"),
    [
        (phpunit, "No tests executed!\n"),
        (phpunit, "OK, but incomplete, skipped, or risky tests!\nTests: 1, Assertions: 0, Risky: 1.\n"),
        (minitest, "1 runs, 0 assertions, 0 failures, 0 errors, 1 skips\n"),
        (minitest, ""),
        (rspec, "0 examples, 0 failures\n"),
        (tap("prove"), "1..0 # SKIP no net\n"),
    ],
)
def test_a_run_without_a_passing_test_fails(parse: Parser, out: str) -> None:
    assert [f.rule for f in parse(ended(0, out)).findings] == ["no-test-ran"]


@pytest.mark.parametrize("parse", [phpunit, minitest, rspec, tap("bats")])
def test_a_run_that_crashed_after_printing_success_fails(parse: Parser) -> None:
    out = "OK (3 tests, 4 assertions)\n3 runs, 3 assertions, 0 failures, 0 errors, 0 skips\n3 examples, 0 failures\nok 1\n"
    assert [f.rule for f in parse(ended(139, out)).findings] == ["tests-broken"]
