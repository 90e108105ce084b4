"""Search/replace blocks: exact, or a typed error."""

from __future__ import annotations

import pytest

from qlp.agents.edits import EditProblem, apply_edits, is_edit, read_edits
from qlp.agents.fences import Malformed, ParsedFiles, oversized, parse_files

pytestmark = pytest.mark.unit
FILE = "def f(x):\n    return x\n\n\ndef g(x):\n    return x\n"


def block(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"


def edited(content: str | None, text: str) -> str | EditProblem:
    edits = read_edits(text.removesuffix("\n").split("\n"))
    return edits if isinstance(edits, EditProblem) else apply_edits(content, edits)


def test_lines_are_replaced_where_they_are() -> None:
    text = block("def g(x):\n    return x\n", "def g(x):\n    return -x\n") + block("def f(x):\n", "def f(x, y=0):\n")
    assert edited(FILE, text) == "def f(x, y=0):\n    return x\n\n\ndef g(x):\n    return -x\n"


def test_lines_can_be_taken_out_and_a_file_made() -> None:
    assert edited("a\nb\nc\n", block("b\n", "")) == "a\nc\n"
    assert edited(None, block("", "a = 1\n")) == "a = 1\n"


@pytest.mark.parametrize(
    ("content", "text", "kind"),
    [
        (FILE, block("    return x\n", "    return 1\n"), "ambiguous"),
        (FILE, block("return x\n", "return 1\n"), "no_match"),
        (FILE, block("def h(x):\n", "def h():\n"), "no_match"),
        (None, block("a\n", "b\n"), "no_match"),
        (FILE, block("", "b\n"), "bad_edit"),
        (FILE, "<<<<<<< SEARCH\ndef f(x):\n=======\n", "bad_edit"),
        (FILE, "<<<<<<< SEARCH\ndef f(x):\n>>>>>>> REPLACE\n", "bad_edit"),
        (FILE, block("def f(x):\n", "def f():\n") + "and so on\n", "bad_edit"),
    ],
)
def test_nothing_is_guessed(content: str | None, text: str, kind: str) -> None:
    problem = edited(content, text)
    assert isinstance(problem, EditProblem)
    assert problem.kind == kind
    assert problem.detail


def test_a_file_that_quotes_a_marker_is_a_file() -> None:
    assert not is_edit(["# How to edit", "<<<<<<< SEARCH"])
    assert is_edit(["", "<<<<<<< SEARCH"])


def answer(path: str, content: str) -> str:
    return f"````python path={path}\n{content}````\n"


def test_a_repair_may_edit_one_file_and_leave_the_others() -> None:
    text = answer("a.py", block("    return x\n\n", "    return 2\n\n"))
    parsed = parse_files(text, ["a.py", "b.py"], previous={"a.py": FILE, "b.py": "B = 1\n"})
    assert isinstance(parsed, ParsedFiles)
    assert [(f.path, f.content) for f in parsed.files] == [
        ("a.py", FILE.replace("return x\n\n", "return 2\n\n", 1)),
        ("b.py", "B = 1\n"),
    ]


def test_two_edit_blocks_of_a_file_follow_each_other() -> None:
    text = answer("a.py", block("a\n", "b\n")) + answer("a.py", block("b\n", "c\n"))
    parsed = parse_files(text, ["a.py"], previous={"a.py": "a\n"})
    assert isinstance(parsed, ParsedFiles)
    assert parsed.files[0].content == "c\n"


def test_a_file_can_be_replaced_whole_beside_an_edited_one() -> None:
    text = answer("a.py", "A = 2\n") + answer("b.py", block("B = 1\n", "B = 2\n"))
    parsed = parse_files(text, ["a.py", "b.py"], previous={"a.py": "A = 1\n", "b.py": "B = 1\n"})
    assert isinstance(parsed, ParsedFiles)
    assert [f.content for f in parsed.files] == ["A = 2\n", "B = 2\n"]


@pytest.mark.parametrize(
    ("previous", "kind"),
    [({"a.py": "nothing like it\n"}, "no_match"), ({}, "no_match"), ({"a.py": "x\nx\n"}, "ambiguous")],
)
def test_an_edit_that_does_not_fit_is_a_typed_answer(previous: dict[str, str], kind: str) -> None:
    parsed = parse_files(answer("a.py", block("x\n", "y\n")), ["a.py"], previous=previous)
    assert isinstance(parsed, Malformed)
    assert parsed.kind == kind
    assert "a.py" in parsed.detail


def test_without_a_file_before_an_answer_must_be_whole() -> None:
    parsed = parse_files(answer("a.py", "A = 1\n"), ["a.py", "b.py"])
    assert isinstance(parsed, Malformed)
    assert parsed.kind == "missing"


def test_an_edit_cannot_leave_the_project() -> None:
    parsed = parse_files(answer("../a.py", block("x\n", "y\n")), ["a.py", "b.py"], previous={"a.py": "x\n"})
    assert isinstance(parsed, Malformed)
    assert parsed.kind == "bad_path"


def test_an_answer_a_hundred_times_longer_than_asked_is_typed() -> None:
    assert oversized("x" * 20_000, 1000) is None
    large = oversized("x" * 400_000, 1000)
    assert large is not None
    assert large.kind == "too_large"
    assert "400000" in large.detail
