"""The blueprint `data-pipeline`: its contract, its files, its figures, and what it refuses."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qlp.blueprints.data_pipeline import DataPipeline
from qlp.config import Settings
from qlp.errors import PlanError
from qlp.models import Analysis, Entity, FieldSpec, ProjectSpec, Relation, Request, Rule

pytestmark = pytest.mark.unit

BLUEPRINT = DataPipeline()
THRESHOLD = Settings().runs.match_threshold
SALE = Entity(
    name="Sale",
    plural="sales",
    fields=(
        FieldSpec(name="customer", type="str"),
        FieldSpec(name="amount", type="decimal", minimum=0),
        FieldSpec(name="date", type="date"),
        FieldSpec(name="note", type="text", required=False),
    ),
)
READING = Entity(
    name="Reading",
    plural="readings",
    fields=(
        FieldSpec(name="sensor", type="uuid"),
        FieldSpec(name="value", type="float"),
        FieldSpec(name="level", type="int", required=False),
        FieldSpec(name="ok", type="bool"),
        FieldSpec(name="taken_at", type="datetime"),
    ),
)
CUSTOMER = Entity(name="Customer", plural="customers", fields=(FieldSpec(name="name", type="str"),))
ORDER = Entity(
    name="Order",
    plural="orders",
    fields=(
        FieldSpec(name="id", type="int"),
        FieldSpec(name="price", type="decimal", minimum=0.5),
        FieldSpec(name="status", type="str", choices=("open", "paid")),
    ),
    relations=(Relation(target="Customer"),),
)
LINE = Entity(name="Line", plural="lines", fields=(FieldSpec(name="text", type="text"),))


def analysis(*entities: Entity, words: str = "", unmet: tuple[str, ...] = (), **spec: object) -> Analysis:
    fields = {"name": "my-pipeline", "kind": "data_pipeline", "language": "python", "summary": "Figures", **spec}
    return Analysis(
        spec=ProjectSpec.model_validate({**fields, "entities": entities}), unmet=unmet, words=tuple(words.split())
    )


CASES = {
    "sales": analysis(SALE, commands=("total-amount-per-customer", "count-per-month")),
    "readings": analysis(READING, words="average value by ok and maximum value per day", input_format="json"),
    "orders": analysis(CUSTOMER, ORDER, words="total price per customer"),
    "lines": analysis(LINE),
}


def rendered(case: Analysis) -> dict[str, str]:
    plan = BLUEPRINT.plan(case)
    return {f.path: f.content for t in plan.tasks for f in BLUEPRINT.render(case, plan, t.id)}


@pytest.mark.parametrize("name", CASES)
def test_every_file_is_promised_once_and_rendered_by_its_owner(name: str) -> None:
    case = CASES[name]
    plan = BLUEPRINT.plan(case)
    promised = [f.path for f in plan.contract.files]
    assert len(promised) == len(set(promised))
    for task in plan.tasks:
        owned = {f.path for f in plan.files_of(task.id)}
        assert owned == {f.path for f in BLUEPRINT.render(case, plan, task.id)}
        assert owned, task.id
    for path, content in rendered(case).items():
        if path.endswith(".py"):
            ast.parse(content, path)


@pytest.mark.parametrize("name", CASES)
def test_the_run_reports_the_figures_that_were_counted_here(name: str, tmp_path: Path) -> None:
    for path, content in rendered(CASES[name]).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8", newline="")
    run = BLUEPRINT.plan(CASES[name]).contract.command("run")
    assert run is not None
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | run.env
    for _ in range(2):
        argv = [sys.executable, *run.argv[1:]]
        done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "14 rows: 12 accepted" in done.stdout
        assert run.expect_stdout
        assert run.expect_stdout in done.stdout
    assert "0 new" in done.stdout


def test_figures_by_hand() -> None:
    run = BLUEPRINT.plan(CASES["orders"]).contract.command("run")
    assert run is not None
    title, header, _, *groups = run.expect_stdout.splitlines()
    assert title == "count, total of price by customer id"
    assert header.split() == ["customer_id", "count", "total", "price"]
    assert [line.split()[:2] for line in groups] == [["1", "4"], ["2", "4"], ["3", "4"]]
    # Rows 0, 3, 6 and 9: 12.50 + 16.88 + 22.52 + 29.42.
    assert groups[0].split()[2] == "81.32"


def test_the_same_analysis_gives_the_same_files() -> None:
    assert rendered(CASES["sales"]) == rendered(CASES["sales"].model_copy(deep=True))


def test_the_key_is_the_unique_field_and_the_plan_says_so() -> None:
    assert 'KEY = "id"' in rendered(CASES["orders"])["my_pipeline/schema.py"]
    assert any("known by its id" in a for a in BLUEPRINT.plan(CASES["orders"]).assumptions)
    assert any("whole content" in a for a in BLUEPRINT.plan(CASES["sales"]).assumptions)


@pytest.mark.parametrize("name", CASES)
def test_what_can_be_served_scores_one(name: str) -> None:
    match = BLUEPRINT.match(CASES[name])
    assert (match.score, match.missing) == (1.0, ())


@pytest.mark.parametrize(
    "case",
    [
        analysis(),
        analysis(SALE, language="typescript"),
        analysis(SALE, kind="cli"),
        analysis(SALE, framework="pandas"),
        analysis(SALE, unmet=("Kafka",)),
        analysis(SALE, words="write parquet files"),
        analysis(SALE, commands=("total-amount-per-warehouse",)),
        analysis(SALE, commands=("total-weight-per-customer",)),
        analysis(LINE, commands=("average-length-per-text",)),
        analysis(LINE, words="count per month"),
        analysis(SALE, READING),
        analysis(ORDER, CUSTOMER, rules=(Rule(kind="decrement", source="Order", target="Customer", field="name"),)),
        analysis(ORDER),
    ],
)
def test_what_cannot_be_served_falls_below_the_threshold(case: Analysis) -> None:
    match = BLUEPRINT.match(case)
    assert match.score < THRESHOLD
    assert match.missing


@pytest.mark.parametrize("case", [analysis(), analysis(ORDER)])
def test_a_plan_that_cannot_be_made_is_an_error(case: Analysis) -> None:
    with pytest.raises(PlanError):
        BLUEPRINT.plan(case)


def test_the_example_is_understood_and_served() -> None:
    analyse = pytest.importorskip("qlp.pipeline.analyse").analyse
    found = analyse(Request(text=BLUEPRINT.example))
    assert BLUEPRINT.match(found).score >= 0.9
