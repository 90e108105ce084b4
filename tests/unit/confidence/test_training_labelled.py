"""Labelled sets are read as they are meant: the stricter label, the function that the tests call, twins and peers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from qlp.confidence.training.labelled import SETS, solution_id
from qlp.errors import InputError

pytestmark = pytest.mark.unit

PROMPT = 'def add_one(n: int) -> int:\n    """\n    >>> add_one(1)\n    2\n    """\n'


def write(folder: Path, name: str, *rows: dict[str, Any]) -> None:
    with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def solution(model: str, code: str, label: bool, plus: bool | None = None, idx: int = 0) -> dict[str, Any]:
    return {"task_id": "HumanEval/0", "model": model, "code": code, "label": label, "label_plus": plus, "idx": idx}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "HumanEval", {"task_id": "HumanEval/0", "prompt": PROMPT, "entry_point": "add_one"})
    write(
        tmp_path, "humaneval_python",
        solution("a", "x", True, False), solution("a", "x", True, None, idx=1), solution("b", "y", False),
    )  # fmt: skip
    return tmp_path


def test_the_stricter_label_counts_where_it_was_run(folder: Path) -> None:
    (task,) = SETS["humaneval_python"](folder)
    assert [s.label for s in task.solutions] == [0, 1, 0]
    assert len({s.candidate.id for s in task.solutions}) == 3, "two samples of one text are two samples"
    assert task.target.text == PROMPT


def test_javascript_is_looked_up_under_its_own_spelling(folder: Path) -> None:
    write(folder, "poly_javascript", solution("m", "export const addOne = (n) => n + 1", True))
    (task,) = SETS["poly_javascript"](folder)
    assert (task.target.entry, task.target.language) == ("addOne", "javascript")


def test_the_function_of_mbpp_is_the_one_that_its_test_calls(folder: Path) -> None:
    code = "import math\ndef helper(n):\n  return n\ndef twice(n):\n  return math.floor(2 * helper(n))"
    write(folder, "mbpp", {"task_id": 7, "code": code, "test_list": ["assert math.floor(twice(2)) == 4"]})
    write(
        folder,
        "mbpp_python",
        {**solution("m", code, True), "task_id": "MBPP/7", "prompt": "Double.\nassert twice(2) == 4"},
    )
    (task,) = SETS["mbpp_python"](folder)
    assert task.target.entry == "twice"


def test_twins_stand_alone_or_beside_samples_of_other_models(folder: Path) -> None:
    row = {"task_id": "Python/0", "prompt": PROMPT, "entry_point": "add_one"}
    row |= {"canonical_solution": "    return n + 1\n", "buggy_solution": "    return n\n"}
    write(folder, "humanevalpack_python", row)
    good, bad = SETS["humanevalpack_python"](folder)
    assert [(t.solutions[0].twin, t.solutions[0].label, t.peers) for t in (good, bad)] == [
        ("good", 1, ()),
        ("bad", 0, ()),
    ]
    assert good.target.id != bad.target.id
    beside, _ = SETS["humanevalpack_python_peers"](folder)
    assert sorted(p.generator for p in beside.peers) == ["a", "b"]


def test_ids_are_stable() -> None:
    assert solution_id("code", "model", 0.8, 1) == solution_id("code", "model", 0.8, 1)
    assert solution_id("code", "model", 0.8, 1) != solution_id("code", "model", 0.8, 2)


def test_a_file_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"HumanEval\.jsonl\.gz"):
        SETS["humaneval_python"](tmp_path)
    (tmp_path / "HumanEval.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError):
        SETS["humaneval_python"](tmp_path)
