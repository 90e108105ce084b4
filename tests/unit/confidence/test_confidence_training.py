"""Training on made rows: no leak between folds, a model that knows what it says, and a report that can be made again."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from qlp.confidence.features import Kind
from qlp.confidence.measure.report import ALL
from qlp.confidence.measure.scored import score_rows
from qlp.confidence.model import ConfidenceModel, load_model_file
from qlp.confidence.row import Row, read_rows
from qlp.confidence.training.checked import check_report
from qlp.confidence.training.evaluate import after_labels, crossed_splits, measure_spread
from qlp.confidence.training.folds import by_task
from qlp.confidence.training.reported import model_report
from qlp.confidence.training.table import table_of
from qlp.confidence.training.train import Recipe, TrainedPart, train
from qlp.errors import InputError
from tests.support.confidence_rows import made_rows

pytestmark = pytest.mark.unit

RECIPE = Recipe(folds=2, candidates=("logistic",), maps=("platt",))
ON = date(2026, 11, 22)
ROWS = tuple(made_rows(tasks=30, generators=6) + made_rows(tasks=20, generators=6, seed=5, name="made_b"))


@lru_cache(maxsize=1)
def trained() -> tuple[ConfidenceModel, dict[Kind, TrainedPart]]:
    return train(ROWS, name="made", version="1", on=ON, recipe=RECIPE)


def test_what_is_tested_shares_neither_task_nor_generator_with_what_is_trained_on() -> None:
    table = table_of(ROWS)
    tested = np.zeros(len(table), dtype=int)
    for train_mask, test_mask in crossed_splits(table, 3, 0):
        assert not set(table.tasks[train_mask]) & set(table.tasks[test_mask])
        assert not set(table.generators[train_mask]) & set(table.generators[test_mask])
        tested += test_mask
    assert (tested == 1).all()


def test_translations_of_a_task_are_the_same_task() -> None:
    names = ("HumanEval/7", "Python/7", "Go/7", "HumanEval/70")
    rows = [ROWS[0].model_copy(update={"set": f"set-{i}", "task": name}) for i, name in enumerate(names)]
    tasks = table_of(rows).tasks
    assert len({int(t) for t in tasks[:3]}) == 1
    assert tasks[3] != tasks[0]
    for train_mask, test_mask in by_task(table_of([*rows, *ROWS[:6]]), 2, 0):
        assert len({bool(m) for m in test_mask[:3]}) == 1, (train_mask, test_mask)


def test_told_outcomes_never_come_from_a_tested_task() -> None:
    table = table_of(ROWS)
    common = np.zeros(len(table))
    spread = measure_spread(common, table, 0)
    for mask, p in after_labels(common, table, spread, 10, 0):
        assert len(p) == mask.sum()
        generator = table.rows[int(np.flatnonzero(mask)[0])].generator
        mine = np.array([r.generator == generator for r in table.rows])
        assert 0 < mask.sum() <= mine.sum() - 10


def test_a_trained_model_ranks_and_calibrates_what_it_has_not_seen() -> None:
    model, parts = trained()
    assert set(parts) == {"function"}
    assert model.recipe["sets"]["made_b"]["rows"] == 120  # type: ignore[index,call-overload]
    report = model_report(ROWS, model, parts, RECIPE, lambda _: None)
    (kind,) = report.kinds
    strict = next(h for h in kind.held if h.protocol == "task_generator")
    whole = {s.set: s for s in strict.before if s.generator == ALL}
    assert set(whole) == {"made_a", "made_b", ALL}
    assert (whole[ALL].auroc or 0) > 0.9
    assert (whole[ALL].skill or 0) > 0.4
    assert kind.effects["examples_pass_fraction"] > kind.effects["generated_crash_rate"]
    assert "code_length_log" not in kind.effects, "what is read from the text alone is not in the model"
    assert {s.name for s in kind.subsets} == {"static", "all and static"}
    assert {t.target for t in kind.thresholds} >= {0.02, 0.1}
    assert next(g for g in report.goals if "twins" in g.name).met is None, "there are no twins in these rows"


def test_the_report_is_reproduced_from_its_rows_and_no_others(tmp_path: Path) -> None:
    model, parts = trained()
    file = tmp_path / "m.json"
    file.write_text(model.model_dump_json())
    report = json.loads(model_report(ROWS, model, parts, RECIPE, lambda _: None).model_dump_json())
    beside = tmp_path / "m.report.json"
    beside.write_text(json.dumps(report))
    assert check_report(ROWS, load_model_file(file), say=lambda _: None) == []
    report["kinds"][0]["held"][0]["before"][0]["auroc"] = 0.5
    beside.write_text(json.dumps(report))
    assert any("auroc" in d for d in check_report(ROWS, load_model_file(file), say=lambda _: None))
    with pytest.raises(InputError, match="not the rows"):
        check_report(ROWS[:-1], load_model_file(file), say=lambda _: None)


def test_rows_scored_by_a_model_say_that_it_knew_them(tmp_path: Path) -> None:
    model, _ = trained()
    file = tmp_path / "m.json"
    file.write_text(model.model_dump_json())
    fresh = made_rows(tasks=20, generators=4, seed=9, name="made_c")
    report = score_rows([*ROWS[:60], *fresh], load_model_file(file)).report
    assert report.trained_on == ("made_a",)
    assert {s.set for s in report.before} == {"made_a", "made_c", ALL}


def test_too_few_outcomes_are_refused_with_what_is_missing() -> None:
    with pytest.raises(InputError, match="12 rows of 2 tasks"):
        train(ROWS[:12], name="n", version="1", on=ON, recipe=RECIPE)
    right = [r.model_copy(update={"label": 1}) for r in ROWS]
    with pytest.raises(InputError, match="0 wrong"):
        train(right, name="n", version="1", on=ON, recipe=RECIPE)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1 is no feature row"),
        ('{"set": "s"}', "line 1 is no feature row"),
        (ROWS[0].model_copy(update={"features": {"tier": 1.0}}).model_dump_json(), "unknown features tier"),
    ],
)
def test_a_row_that_is_none_is_named_by_its_line(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "rows.jsonl").write_text(line + "\n")
    with pytest.raises(InputError, match=says):
        read_rows([tmp_path])


def test_rows_are_read_from_folders_and_what_else_they_say_is_ignored(tmp_path: Path) -> None:
    line = json.dumps({**ROWS[0].model_dump(), "extra": 1})
    (tmp_path / "a.jsonl").write_text(line + "\n\n")
    assert read_rows([tmp_path]) == [Row.model_validate(ROWS[0].model_dump())]
