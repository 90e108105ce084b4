"""The support program that proposes mutants: what it changes, and what it must leave alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from qlp.validation.support.mutants.code import code_mutants
from qlp.validation.support.mutants.mutant import Mutant
from qlp.validation.support.mutants.python_code import python_mutants
from qlp.validation.support.mutants.sample import sample

pytestmark = pytest.mark.unit


def applied(source: str, found: list[Mutant]) -> set[str]:
    """The changed lines."""
    lines = set()
    for m in found:
        assert source[m.start : m.end] == m.original
        changed = source[: m.start] + m.replacement + source[m.end :]
        lines.add(changed.splitlines()[m.line - 1].strip())
    return lines


PYTHON = '''"""a < b"""
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    x = 1 < 2


def f(a: int = 1, é: str = "ü") -> int:
    """c < d"""
    logging.info("%d", 3)
    if not a:
        return 0
    if (a + 2) < len(é) and é in "abc":  # e < f
        print(a)
        a += 1
    return a * 2


if __name__ == "__main__":
    f(1)
'''


def test_python_is_changed_in_code_only_and_exactly() -> None:
    found = python_mutants(PYTHON)
    lines = applied(PYTHON, found)
    assert {
        'if (a + 2) <= len(é) and é in "abc":  # e < f',
        'if (a + 2) < len(é) or é in "abc":  # e < f',
        'if (a + 2) < len(é) and é not in "abc":  # e < f',
        'if (a - 2) < len(é) and é in "abc":  # e < f',
        "if a:",
        "pass",
        "a -= 1",
        "return a + 2",
        "return None",
        "return 1",
    } <= lines
    assert {m.line for m in found} <= {9, 12, 13, 14, 15, 16, 17}
    for m in found:
        ast.parse(PYTHON[: m.start] + m.replacement + PYTHON[m.end :])
    assert {m.function for m in found if m.line > 9} == {".f"}


def test_python_that_does_not_parse_gives_nothing() -> None:
    assert python_mutants("def f(:\n") == []
    assert python_mutants("x = " + "(" * 5000) == []
    assert python_mutants("a\0b") == []


@pytest.mark.parametrize(
    ("language", "source", "made", "left"),
    [
        (
            "javascript",
            "import { a } from './1.js';\nexport function f(xs) {\n  const re = /[<\"]/g; // 1 < 2\n"
            "  if (xs.length === 0 || !ok(xs)) return undefined;\n  log.info(5);\n  push(xs);\n"
            "  return `${xs + 1} < 3` + xs.length * 2;\n}\n",
            {
                "if (xs.length !== 0 || !ok(xs)) return undefined;",
                "if (xs.length === 0 && !ok(xs)) return undefined;",
                ";",
                "return undefined;",
            },
            {1, 3},
        ),
        (
            "go",
            "package a\n\nimport \"fmt\"\n\nfunc (s *Set) Add(xs []int, c chan int) int {\n\tfor i := 0; i < len(xs); i++ {\n"
            "\t\tc <- xs[i]\n\t}\n\tif s.empty() {\n\t\treturn 1\n\t}\n\ts.flush()\n\treturn len(xs) - 1\n}\n",
            {"for i := 0; i <= len(xs); i++ {", "if !(s.empty()) {", "return len(xs) + 1", ""},
            {1, 3, 5, 7},
        ),
        (
            "java",
            "import java.util.List;\nclass A {\n  int f(List<List<Integer>> xs, int[] b) {\n    // a < b\n"
            "    xs.add(null);\n    return xs.size() > 2 && b[0] >= 1 ? 1 : -1;\n  }\n}\n",
            {"return xs.size() >= 2 && b[0] >= 1 ? 1 : -1;", "return xs.size() > 2 || b[0] >= 1 ? 1 : -1;", ";"},
            {1, 3, 4},
        ),
        (
            "rust",
            "use std::fmt;\nfn f<'a>(xs: &'a [i32]) -> Option<&'a i32> {\n    let s = r#\"a \"b\" < c\"#;\n"
            "    if xs.is_empty() { return None; }\n    xs.get(xs.len() - 1)\n}\n#[cfg(test)]\nmod tests {\n"
            "    #[test]\n    fn t() { assert_eq!(1 + 1, 2); }\n}\n",
            {"xs.get(xs.len() + 1)", "if !(xs.is_empty()) { return None; }"},
            {1, 2, 3, 7, 8, 9, 10},
        ),
        (
            "c",
            "#define MAX(a, b) ((a) > (b) ? (a) : (b))\nint sum(const int *xs, int n) {\n  int *p = 0; /* a < b */\n"
            "  char c = '<';\n  if (!n) return -1;\n  free_it(p);\n  return n * 2;\n}\n",
            {"return n / 2;", "if (!(!n)) return -1;", ";"},
            {1, 2, 4},
        ),
        (
            "ruby",
            "require 'set'\ndef push(x)\n  raise 'a < b' if x.nil?\n  @items.push(x)\n  text = <<~TEXT\n    a < b\n  TEXT\n"
            "  return @n + 1\nend\n",
            {"raise 'a < b' unless x.nil?", "return @n - 1", "return nil"},
            {1, 2, 6},
        ),
        (
            "php",
            "a < b 1\n<?php\n// 1 < 2\nfunction f($a) {\n  if (is_null($a)) { return 0; }\n  return $a + 2;\n}\n?>\n1 < 2\n",
            {"return $a - 2;", "return null;", "if (!(is_null($a))) { return 0; }"},
            {1, 3, 9},
        ),
        (
            "bash",
            'add() {\n  # 1 -eq 2\n  if [ "$1" -gt 10 ] && [ -n "$2" ]; then return 1; fi\n  echo "$(($1 + 2)) # x"\n  ls -n -z\n}\n',
            {'if [ "$1" -ge 10 ] && [ -n "$2" ]; then return 1; fi', 'echo "$(($1 - 2)) # x"'},
            {2, 5},
        ),
    ],
)  # fmt: skip
def test_other_languages_are_changed_in_code_only(language: str, source: str, made: set[str], left: set[int]) -> None:
    found = code_mutants(source, language)
    assert made <= applied(source, found)
    assert not {m.line for m in found} & left


def test_the_sample_is_seeded_spread_and_leaves_out_what_a_tool_made(tmp_path: Path) -> None:
    body = "".join(f"def f{i}(a):\n    b = a + {i}\n    c = b * 2\n    return c < 3\n\n\n" for i in range(6))
    (tmp_path / "a.py").write_text(body)
    (tmp_path / "b b.py").write_text("def g(a):\n    return a + 1\n")
    (tmp_path / "made.py").write_text("# Generated by a tool. DO NOT EDIT.\nX = 1 + 2\n")
    (tmp_path / "bad.py").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "long.py").write_text("x = [" + "1, " * 5000 + "]\n")
    paths = ["a.py", "b b.py", "made.py", "bad.py", "long.py", "gone.py"]
    first = sample(paths, 7, 1, tmp_path)
    assert first == sample(paths, 7, 1, tmp_path)
    assert first != sample(paths, 7, 2, tmp_path)
    assert {(m["file"], m["function"]) for m in first["mutants"]} == {
        ("b b.py", ".g"),
        *(("a.py", f".f{i}") for i in range(6)),
    }
    everything = sample(paths, 1000, 1, tmp_path)
    assert len(everything["mutants"]) == everything["proposed"]
    assert {m["file"] for m in everything["mutants"]} == {"a.py", "b b.py"}


@pytest.mark.parametrize(
    "text", ["`${" * 3000, "(" * 3000, '"' * 3001, "/*" * 3000, "'", "$((", "?><?php" * 100, "\\\n" * 50]
)
@pytest.mark.parametrize("language", ["javascript", "go", "java", "rust", "c", "c#", "ruby", "php", "bash"])
def test_text_that_is_no_program_does_no_harm(tmp_path: Path, language: str, text: str) -> None:
    suffix = {"javascript": "js", "rust": "rs", "c#": "cs", "ruby": "rb", "bash": "sh"}.get(language, language)
    (tmp_path / f"x.{suffix}").write_text("<?php " + text if language == "php" else text)
    assert sample([f"x.{suffix}"], 3, 1, tmp_path)["mutants"] == []
