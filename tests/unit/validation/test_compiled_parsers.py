"""Parsers of the compilers' and test runners' outputs, on outputs that the real tools gave (recorded/*.json)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Parser
from qlp.validation.parsers.checkstyle import checkstyle
from qlp.validation.parsers.cppcheck import cppcheck
from qlp.validation.parsers.ctest import ctest
from qlp.validation.parsers.gcc import gcc_analyzer, gcc_syntax, gcc_types, gcc_unused
from qlp.validation.parsers.golang import go_build, go_test, go_vet
from qlp.validation.parsers.javac import javac_syntax, javac_types
from qlp.validation.parsers.junit import junit
from qlp.validation.parsers.libtest import libtest
from qlp.validation.parsers.mcs import mcs_style, mcs_syntax, mcs_types, newer_features
from qlp.validation.parsers.programs import programs
from qlp.validation.parsers.rustc import clippy, rustc_syntax, rustc_types
from qlp.validation.parsers.rustfmt import rustfmt

pytestmark = pytest.mark.unit

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> ExecResult:
    row = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    return ended(row["exit_code"], row["stdout"], row["stderr"])


def ended(code: int | None = 0, out: str = "", err: str = "", **other: object) -> ExecResult:
    return ExecResult(
        exit_code=code, stdout=out.encode(), stderr=err.encode(), wall_s=0.1, cpu_s=0.1, max_rss_bytes=1, **other
    )


@pytest.mark.parametrize(
    ("name", "parse", "rule", "severity", "file", "line", "said"),
    [
        ("javac-java-missing-semicolon", javac_syntax, "syntax-error", "critical", "Stock.java", 35, "';' expected"),
        ("javac-java-no-such-method", javac_types, "cannot-find-symbol", "high", "Stock.java", 25, "getQuantity"),
        ("javac-java-equals-without-hash", javac_types, "overrides", "medium", "Item.java", 6, "hashCode"),
        (
            "checkstyle-java-strings-by-reference",
            checkstyle,
            "StringLiteralEquality",
            "medium",
            "Stock.java",
            14,
            "equals()",
        ),
        ("rustc-rust-missing-semicolon", rustc_syntax, "syntax-error", "critical", "src/lib.rs", 51, "expected"),
        ("cargo-rust-mismatched-types", rustc_types, "E0308", "high", "src/money.rs", 15, "mismatched types"),
        ("cargo-rust-invented-crate", rustc_types, "missing-crate", "high", "Cargo.toml", None, "money-magic"),
        ("clippy-rust-unused-variable", clippy, "unused_variables", "medium", "src/money.rs", 14, "spare"),
        ("rustfmt-rust-not-formatted", rustfmt, "rustfmt", "medium", "src/lib.rs", None, "rustfmt"),
        ("gcc-c-missing-semicolon", gcc_syntax, "syntax-error", "critical", "src/stack.c", 30, "expected ';'"),
        (
            "gcc-c-implicit-function",
            gcc_types,
            "-Wimplicit-function-declaration",
            "high",
            "src/evaluate.c",
            27,
            "isspace",
        ),
        ("gcc-c-missing-header", gcc_types, "missing-header", "high", "src/evaluate.c", 3, "ctypes.h"),
        ("gcc-c-double-free", gcc_analyzer, "-Wanalyzer-double-free", "high", "src/stack.c", 16, "double-'free'"),
        ("cppcheck-c-same-on-both-sides", cppcheck, "duplicateExpression", "medium", "src/stack.c", 20, "'=='"),
        ("gcc-cpp-undeclared-name", gcc_types, "compile-error", "high", "src/shapes.cpp", 30, "'PI' was not declared"),
        ("mcs-csharp-missing-semicolon", mcs_syntax({}), "CS1002", "critical", "src/Temperature.cs", 35, "; expected"),
        ("mcs-csharp-wrong-type", mcs_types({}), "CS0029", "high", "src/Temperature.cs", 60, "`string'"),
        ("mcs-csharp-unused-variable", mcs_style({}), "CS0219", "medium", "src/Temperature.cs", 34, "`count'"),
        ("go-go-undefined", go_build, "undefined", "high", "queue.go", 56, "list"),
        ("go-go-missing-module", go_build, "missing-module", "high", "queue.go", 6, "github.com/nobody/nothing"),
        ("vet-go-wrong-verb", go_vet, "vet", "medium", "queue_test.go", 31, "%d"),
    ],
    ids=lambda value: value if isinstance(value, str) and "-" in value and "." not in value else "",
)
def test_a_compiler_s_message_becomes_a_finding_with_its_place(
    name: str, parse: Parser, rule: str, severity: str, file: str, line: int | None, said: str
) -> None:
    reading = parse(recorded(name))
    assert not reading.broken
    finding = next((f for f in reading.findings if f.rule == rule), None)
    assert finding is not None, reading.findings
    assert (finding.severity, finding.line) == (severity, line)
    assert (finding.file or "").endswith(file)
    assert said in finding.message


def test_types_are_not_called_syntax_and_syntax_is_not_called_types() -> None:
    assert not gcc_syntax(recorded("gcc-c-implicit-function")).findings
    assert not gcc_syntax(recorded("gcc-cpp-undeclared-name")).findings
    assert not gcc_syntax(recorded("gcc-c-missing-header")).findings
    assert not gcc_types(recorded("gcc-c-unused-function")).findings
    assert [f.rule for f in gcc_types(recorded("gcc-c-missing-semicolon")).findings] == ["syntax-error"]
    assert not mcs_style({})(recorded("mcs-csharp-missing-semicolon")).facts


def diagnostic(kind: str, line: int, message: str, file: str = "a.cpp") -> str:
    caret = {"caret": {"file": file, "line": line, "column": 1}}
    return json.dumps([{"kind": kind, "locations": [caret], "message": message, "children": []}])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("'Foo' was not declared in this scope", "expected ';' before 'x'", 0),
        ("expected ';' before 'x'", "'Foo' was not declared in this scope", 1),
    ],
    ids=["stumbles over an unknown type", "is wrong by itself"],
)
def test_what_the_parser_stumbles_over_after_an_unknown_name_is_no_syntax_error(
    first: str, second: str, expected: int
) -> None:
    said = f"{diagnostic('error', 3, first)}\n{diagnostic('error', 3, second)}\n"
    assert len(gcc_syntax(ended(1, "", said)).findings) == expected


def test_unused_things_are_style_and_only_in_files_that_were_written() -> None:
    result = recorded("gcc-c-unused-function")
    (finding,) = gcc_unused(frozenset({"src/evaluate.c"}))(result).findings
    assert (finding.rule, finding.severity) == ("-Wunused-function", "medium")
    assert not gcc_unused(frozenset({"src/stack.c"}))(result).findings


def test_junit_s_counts_and_the_failing_test_with_its_line() -> None:
    reading = junit(recorded("junit-java-off-by-one"))
    assert reading.facts == {"tests_passed": 5, "tests_failed": 1, "tests_skipped": 0}
    (finding,) = reading.findings
    assert "namesWhatIsScarce" in finding.message
    assert "expected: <[hammer]> but was: <[hammer, nail]>" in finding.message
    assert finding.line == 29


def test_cargo_s_counts_and_the_failing_test_with_its_place() -> None:
    reading = libtest(recorded("cargo-rust-off-by-one"))
    assert reading.facts == {"tests_passed": 5, "tests_failed": 1, "tests_skipped": 0}
    (finding,) = reading.findings
    assert finding.message.startswith("empties_an_account")
    assert (finding.file, finding.line) == ("tests/transfer.rs", 30)


def test_go_s_counts_and_the_failing_test_with_what_it_said() -> None:
    reading = go_test(recorded("go-go-lost-case"))
    assert reading.facts == {"tests_passed": 4, "tests_failed": 1, "tests_skipped": 0}
    (finding,) = reading.findings
    assert finding.message.startswith("TestParse")
    assert '"!" was taken' in finding.message


def test_a_memory_error_has_its_own_rule_and_place() -> None:
    reading = programs(recorded("gcc-c-heap-overflow"))
    assert reading.facts["tests_failed"] == 2
    assert {(f.rule, f.severity) for f in reading.findings} == {("heap-buffer-overflow", "critical")}
    assert {f.file for f in reading.findings} == {"src/stack.c"}


def test_a_failed_assertion_is_a_failed_test_and_the_other_program_passed() -> None:
    reading = programs(recorded("gcc-c-wrong-order"))
    assert reading.facts == {"tests_passed": 1, "tests_failed": 1, "tests_skipped": 0}
    (finding,) = reading.findings
    assert finding.rule == "test-failed"
    assert "Assertion" in finding.message


@pytest.mark.parametrize(
    ("parse", "result"),
    [
        (junit, recorded("junit-java-tests-that-run-nothing")),
        (go_test, recorded("go-go-only-skipped-tests")),
        (libtest, ended(0, "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 3 ignored; 0 measured;\n")),
        (libtest, ended(0, "")),
        (junit, ended(0, "")),
        (programs, ended(0, "")),
        (ctest, ended(8, "", "No tests were found!!!\n")),
    ],
    ids=["all disabled", "all skipped", "all ignored", "exited before", "ended itself", "no program", "no ctest"],
)
def test_a_run_without_a_passing_test_fails(parse: Parser, result: ExecResult) -> None:
    reading = parse(result)
    assert [f.rule for f in reading.findings] == ["no-test-ran"]


def test_a_program_cannot_print_its_own_verdict() -> None:
    out = "not ok tests/test_a.c: exited 3\n    ok tests/test_b.c\n    programs 9 passed 9\nprograms 1 passed 0\n"
    reading = programs(ended(1, out))
    assert reading.facts == {"tests_passed": 0, "tests_failed": 1, "tests_skipped": 0}


def test_ctest_counts_and_shows_what_a_failing_test_printed() -> None:
    out = """Test project /workspace/.qlp/build
    Start 1: adds
1/2 Test #1: adds .............................   Passed    0.00 sec
    Start 2: divides
2/2 Test #2: divides ..........................***Failed    0.01 sec
expected 2, got 3


50% tests passed, 1 tests failed out of 2
"""
    reading = ctest(ended(8, out))
    assert reading.facts == {"tests_passed": 1, "tests_failed": 1, "tests_skipped": 0}
    assert "expected 2, got 3" in reading.findings[0].message


def test_a_parser_that_overflows_its_stack_is_a_finding_about_the_file() -> None:
    said = "\n\nThe system is out of resources.\nConsult the following stack trace for details.\njava.lang.StackOverflowError\n"
    assert [f.rule for f in javac_syntax(ended(3, "", said)).findings] == ["too-deep"]


def test_a_compiler_that_crashes_on_one_file_is_not_hidden_by_the_warnings_of_another() -> None:
    crash = "gcc: internal compiler error: Segmentation fault signal terminated program cc1\n"
    said = f"{diagnostic('warning', 3, 'unused')}\n{crash}"
    for parse in (gcc_syntax, gcc_types):
        assert [f.rule for f in parse(ended(4, "", said)).findings] == ["too-deep"]
    assert gcc_types(ended(124, "", f"{diagnostic('warning', 3, 'unused')}\na.c: did not end\n")).broken
    warned = recorded("clippy-rust-unused-variable")
    died = warned.model_copy(update={"exit_code": 1})
    assert clippy(died).broken
    shown = warned.model_copy(
        update={"exit_code": 139, "stderr": b"rustc(+0x1)\nlibrustc_driver-4c3b.so(+0x2)[0x7f]\n"}
    )
    assert next(f.rule for f in clippy(shown).findings) == "too-deep"


@pytest.mark.parametrize(
    ("parse", "result"),
    [
        (javac_types, ended(137, "", "", oom=True)),
        (javac_types, ended(2, "", "error: invalid flag: -X\n")),
        (rustc_types, ended(101, "", "error: could not parse Cargo.toml\n")),
        (gcc_types, ended(1, "", "gcc: fatal error: cannot execute\n")),
        (checkstyle, ended(254, "", "Unable to create root module\n")),
        (cppcheck, ended(1, "", "cppcheck: error: unrecognized\n")),
        (go_build, ended(1, "", "fork/exec: resource temporarily unavailable\n")),
        (mcs_types({}), ended(1, "", "Unhandled Exception\n")),
    ],
    ids=["javac memory", "javac flag", "cargo", "gcc", "checkstyle", "cppcheck", "go", "mcs"],
)
def test_a_tool_that_broke_is_not_taken_for_a_clean_one(parse: Parser, result: ExecResult) -> None:
    reading = parse(result)
    assert reading.broken
    assert not reading.findings


def test_newer_csharp_than_the_compiler_s_is_not_called_wrong() -> None:
    source = "using System;\nnamespace N;\npublic record P(int A);\n"
    newer = newer_features({"New.cs": source, "Old.cs": "class Old { void F() { } }\n"})
    assert set(newer) == {"New.cs"}
    said = "./New.cs(2,11): error CS1525: Unexpected symbol `;'\n"
    reading = mcs_syntax(newer)(ended(1, "", said))
    assert not reading.findings
    assert "knows C# 7" in reading.broken


@pytest.mark.parametrize(
    "source",
    [
        "class A { int? n = null; bool B(int x) { return x > 0 ? true : false; } }",
        "class A { void F(object o) { switch (o) { case int n when n > 0: break; } } }",
        'using System;\nclass A { void F() { using (var x = Get()) { var s = $"{1 + 1}"; } } }',
        'class A { int P { get; set; } = 3; string F() => nameof(P); (int, string) T() => (1, "a"); }',
        "class A { void F() { var xs = new[] { 1, 2 }; xs[0] = xs.Length > 1 ? 1 : 2; } }",
    ],
)
def test_csharp_7_is_not_taken_for_something_newer(source: str) -> None:
    assert newer_features({"A.cs": source}) == {}


def test_what_checkstyle_cannot_read_is_shown_and_fails_nothing() -> None:
    reading = checkstyle(recorded("checkstyle-java-unread"))
    assert reading.facts == {"unread": 1}
    assert {(f.rule, f.severity, f.file) for f in reading.findings} == {
        ("UnusedImports", "medium", "Fine.java"),
        ("unread", "info", "Broken.java"),
    }
    assert any("unexpected token: ;" in f.message for f in reading.findings)
