from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qlp.agents.fences import MAX_BYTES, MAX_FILES, Malformed, ParsedFiles, parse_bare, parse_files
from qlp.agents.paths import clean_path

pytestmark = pytest.mark.unit
CODE = "def f(x):\n    return x\n"


def files(answer: str, *owned: str) -> dict[str, str]:
    parsed = parse_files(answer, owned)
    assert isinstance(parsed, ParsedFiles), parsed
    return {f.path: f.content for f in parsed.files}


def malformed(answer: str, *owned: str) -> str:
    parsed = parse_files(answer, owned)
    assert isinstance(parsed, Malformed), parsed
    return parsed.kind


@pytest.mark.parametrize(
    "opening",
    [
        "```python path=src/a.py",
        "````python path=src/a.py",
        "~~~python path=src/a.py",
        '```python path="src/a.py"',
        "```python file=src/a.py",
        '```python title="src/a.py"',
        "```python filename: src/a.py",
        "```python src/a.py",
        "```python:src/a.py",
        "```src/a.py",
        "```{python path=src/a.py}".replace("{", "").replace("}", ""),
        "### src/a.py\n```python",
        "### 1. `src/a.py`\n\n```python",
        "**src/a.py**\n```python",
        "**`src/a.py`:**\n```python",
        "- `src/a.py`:\n```python",
        "`src/a.py`\n```python",
        "File: src/a.py\n```python",
        "**File:** `src/a.py`\n```python",
        "## File: src/a.py\n```python",
        "filename: src/a.py\n```python",
        "```python\n# file: src/a.py",
        "```python\n// file: src/a.py",
        "```python\n<!-- path: src/a.py -->",
        "```python\n/* file: src/a.py */\n",
        "```python path=./src//a.py",
        "```python path=src\\a.py",
    ],
)
def test_a_path_is_found_wherever_models_put_it(opening: str) -> None:
    close = "````" if opening.startswith("````") else "~~~" if opening.startswith("~") else "```"
    answer = f"Here you are.\n\n{opening}\n{CODE}{close}\n\nAnd:\n\n```text path=b.txt\nb\n```\n"
    assert files(answer, "src/a.py", "b.txt") == {"src/a.py": CODE, "b.txt": "b\n"}


def test_windows_line_ends_become_unix() -> None:
    assert files("```py path=a.py\r\nx = 1\r\n```\r\n", "a.py") == {"a.py": "x = 1\n"}


def test_longer_fences_hold_shorter_ones() -> None:
    readme = "# T\n\n```sh\nrun\n```\n\n```\nplain\n```\n"
    assert files(f"````markdown path=README.md\n{readme}````\n", "README.md") == {"README.md": readme}


def test_equal_fences_nest_by_their_info_string() -> None:
    readme = "# T\n\n```sh\nrun\n```\n\nend\n"
    answer = f"```markdown path=README.md\n{readme}```\n```python path=a.py\n{CODE}```\n"
    assert files(answer, "README.md", "a.py") == {"README.md": readme, "a.py": CODE}


def test_backticks_inside_code_do_not_close() -> None:
    code = 'x = "```"\ny = """\n    ```\n"""\n'
    assert files(f"````python path=a.py\n{code}````", "a.py") == {"a.py": code}


@pytest.mark.parametrize("end", ["", "\n``", "\n```python path=b.py\ny = 2\n```"])
def test_half_a_file_is_malformed(end: str) -> None:
    assert malformed(f"```python path=a.py\n{CODE}{end}", "a.py") == "unclosed"


def test_the_last_duplicate_wins_and_is_recorded() -> None:
    parsed = parse_files("```py path=a.py\nold = 1\n```\nBetter:\n```py path=a.py\nnew = 1\n```", ["a.py"])
    assert isinstance(parsed, ParsedFiles)
    assert parsed.files[0].content == "new = 1\n"
    assert parsed.duplicates == ("a.py",)
    assert "a.py" in parsed.notes


def test_files_of_other_tasks_are_refused() -> None:
    parsed = parse_files("```py path=a.py\na = 1\n```\n```py path=tests/test_a.py\npass\n```", ["a.py"])
    assert isinstance(parsed, ParsedFiles)
    assert [f.path for f in parsed.files] == ["a.py"]
    assert parsed.refused == ("tests/test_a.py",)


@pytest.mark.parametrize(
    "path", ["../a.py", "/etc/passwd", "src/../../a.py", ".git/config", "a\u202e.py", "~/.ssh/id", "a;rm.py", "x" * 201]
)
def test_paths_that_leave_the_project_are_malformed(path: str) -> None:
    assert malformed(f"```py path={path}\nx = 1\n```", "a.py", "b.py") == "bad_path"
    assert clean_path(path) is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("", "no_blocks"),
        ("I am sorry, I cannot do that.", "no_blocks"),
        (f"```python\n{CODE}```\n```python\n{CODE}```", "no_path"),
        (f"```python path=a.py\n{CODE}```", "missing"),
        (f"```python path=a.py\n\n```\n```python path=b.py\n{CODE}```", "empty_file"),
    ],
)
def test_other_malformed_answers(answer: str, kind: str) -> None:
    assert malformed(answer, "a.py", "b.py") == kind


def test_a_lone_block_is_the_lone_file() -> None:
    assert files(f"Sure:\n```python\n{CODE}```", "a.py") == {"a.py": CODE}


def test_snippets_without_a_path_are_explanations() -> None:
    answer = f"```python path=a.py\n{CODE}```\nRun it:\n```sh\npython3 -m pytest\n```"
    assert files(answer, "a.py") == {"a.py": CODE}


def test_an_empty_package_file_is_a_file() -> None:
    assert files(f"```py path=p/__init__.py\n```\n```py path=p/a.py\n{CODE}```", "p/__init__.py", "p/a.py") == {
        "p/__init__.py": "",
        "p/a.py": CODE,
    }


def test_size_is_bounded() -> None:
    assert malformed("```py path=a.py\n" + "x" * (MAX_BYTES + 1) + "\n```", "a.py") == "too_large"
    many = "".join(f"```py path=f{i}.py\nx\n```\n" for i in range(MAX_FILES + 2))
    assert malformed(many, "a.py") == "too_large"


def test_bare_answers() -> None:
    for answer in (CODE, f"```python\n{CODE}```\nThat is it.", CODE + "\n\n"):
        parsed = parse_bare(answer, "solution.py")
        assert isinstance(parsed, ParsedFiles)
        assert [(f.path, f.content) for f in parsed.files] == [("solution.py", CODE)]
    for answer, cut, kind in (("```python\nx", False, "unclosed"), (CODE, True, "cut"), (" \n", False, "empty_file")):
        parsed = parse_bare(answer, "solution.py", cut=cut)
        assert isinstance(parsed, Malformed)
        assert parsed.kind == kind


@pytest.mark.parametrize(
    "answer",
    [
        "``` a" + " " * 400_000 + "x\n```",
        "### " + "*" * 400_000 + "x y\n```\nx\n```",
        "```\n# file: a" + " " * 400_000 + "b\n```",
        "```" + "a/" * 200_000 + "\n```",
        "```\n" * 100_000,
        "`" * 400_000,
    ],
    ids=range(6),
)
def test_hostile_answers_are_read_in_linear_time(answer: str) -> None:
    started = time.process_time()
    parse_files(answer, ["a.py", "b.py"])
    assert time.process_time() - started < 2


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    for answer in (text, f"```py path=a.py\n{text}\n```"):
        parsed = parse_files(answer, ["a.py"])
        if isinstance(parsed, ParsedFiles):
            assert [f.path for f in parsed.files] == ["a.py"]


@given(st.text(alphabet=st.characters(blacklist_characters="`~\r", blacklist_categories=("Cs",)), min_size=1))
def test_content_survives_as_it_is(text: str) -> None:
    content = "x" + text + "\n"
    assert files(f"```py path=a.py\n{content}```", "a.py") == {"a.py": content}
