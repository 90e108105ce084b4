"""The blueprint `python-cli`: its contract, its files, and what it refuses."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from qlp.blueprints.python_cli import PythonCli
from qlp.config import Settings
from qlp.errors import PlanError
from qlp.models import Analysis, Entity, FieldSpec, ProjectSpec, Relation, Request, Rule

pytestmark = pytest.mark.unit

BLUEPRINT = PythonCli()
THRESHOLD = Settings().runs.match_threshold
EXPENSE = Entity(
    name="Expense",
    plural="expenses",
    fields=(
        FieldSpec(name="amount", type="decimal", minimum=0),
        FieldSpec(name="category", type="str"),
        FieldSpec(name="date", type="date"),
        FieldSpec(name="note", type="text", required=False),
    ),
)
TASK = Entity(
    name="Task",
    plural="tasks",
    fields=(
        FieldSpec(name="title", type="str"),
        FieldSpec(name="priority", type="str", choices=("low", "high")),
    ),
)
AUTHOR = Entity(name="Author", plural="authors", fields=(FieldSpec(name="name", type="str", unique=True),))
BOOK = Entity(
    name="Book",
    plural="books",
    fields=(
        FieldSpec(name="title", type="str"),
        FieldSpec(name="from", type="email", required=False),
        FieldSpec(name="stock", type="int", minimum=0),
    ),
    relations=(Relation(target="Author"),),
)
ORDER = Entity(
    name="Order",
    plural="orders",
    fields=(FieldSpec(name="quantity", type="int"), FieldSpec(name="limit", type="float")),
    relations=(Relation(target="Book"),),
)
STOCK = Rule(kind="decrement", source="Order", target="Book", field="stock")


def analysis(*entities: Entity, words: str = "", unmet: tuple[str, ...] = (), **spec: object) -> Analysis:
    fields = {"name": "my-tool", "kind": "cli", "language": "python", "summary": "A tool", **spec}
    return Analysis(
        spec=ProjectSpec.model_validate({**fields, "entities": entities}), unmet=unmet, words=tuple(words.split())
    )


CASES = {
    "expenses": analysis(EXPENSE, words="total by category", commands=("add", "list", "delete", "total")),
    "tasks": analysis(TASK, commands=("add", "complete", "list"), name="json"),
    "shop": analysis(ORDER, BOOK, AUTHOR, rules=(STOCK,), commands=("add-book", "report")),
    "hostile": analysis(TASK, name='x"; rm -rf', summary='Quote " and \\ and """ <b>'),
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
        assert set(task.depends_on) < {t.id for t in plan.tasks}
    assert {t.kind for t in plan.tasks} == {"code", "test", "docs", "deployment", "config"}


@pytest.mark.parametrize("name", CASES)
def test_rendered_files_parse_and_hold_the_promised_names(name: str) -> None:
    files = rendered(CASES[name])
    for path, content in files.items():
        if path.endswith(".py"):
            ast.parse(content, path)
    assert tomllib.loads(files["pyproject.toml"])["project"]["dependencies"] == []
    for public in BLUEPRINT.plan(CASES[name]).contract.names:
        top = ast.parse(files[public.file]).body
        found = {n.name for n in top if isinstance(n, ast.ClassDef | ast.FunctionDef)}
        found |= {t.id for n in top if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
        found |= {n.target.id for n in top if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
        assert public.name in found, public


@pytest.mark.parametrize("name", CASES)
def test_the_run_prints_what_the_contract_expects(name: str, tmp_path: Path) -> None:
    for path, content in rendered(CASES[name]).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    run = BLUEPRINT.plan(CASES[name]).contract.command("run")
    assert run is not None
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | run.env
    done = subprocess.run([sys.executable, *run.argv[1:]], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert run.expect_stdout
    assert run.expect_stdout in done.stdout


def test_the_same_analysis_gives_the_same_files() -> None:
    assert rendered(CASES["shop"]) == rendered(CASES["shop"].model_copy(deep=True))


def test_the_names_that_were_asked_are_the_names_of_the_commands() -> None:
    schema = rendered(CASES["expenses"])["my_tool/schema.py"]
    assert 'name="delete"' in schema
    assert 'name="remove"' not in schema
    assert 'by="category"' in schema
    assert 'name="complete"' in rendered(CASES["tasks"])["json_app/schema.py"]
    assert '"add-book"' in rendered(CASES["shop"])["my_tool/schema.py"]


def test_a_flag_is_added_when_entries_can_be_completed_and_the_plan_says_so() -> None:
    plan = BLUEPRINT.plan(CASES["tasks"])
    assert any("done" in a for a in plan.assumptions)
    assert not BLUEPRINT.plan(CASES["expenses"]).assumptions


@pytest.mark.parametrize("name", CASES)
def test_what_can_be_served_scores_one(name: str) -> None:
    match = BLUEPRINT.match(CASES[name])
    assert (match.score, match.missing) == (1.0, ())
    assert match.reasons


@pytest.mark.parametrize(
    "case",
    [
        analysis(EXPENSE, language="go"),
        analysis(EXPENSE, kind="rest_api"),
        analysis(EXPENSE, framework="typer"),
        analysis(EXPENSE, auth="api_key"),
        analysis(EXPENSE, unmet=("currency conversion",)),
        analysis(EXPENSE, commands=("add", "launch")),
        analysis(TASK, commands=("total",)),
        analysis(EXPENSE, words="with reminders every week"),
        analysis(EXPENSE, commands=("total-by-shop",)),
        analysis(),
        analysis(BOOK),
        analysis(
            AUTHOR.model_copy(update={"relations": (Relation(target="Book"),)}),
            BOOK,
        ),
    ],
)
def test_what_cannot_be_served_falls_below_the_threshold(case: Analysis) -> None:
    match = BLUEPRINT.match(case)
    assert match.score < THRESHOLD
    assert match.missing


@pytest.mark.parametrize("case", [analysis(), analysis(BOOK)])
def test_a_plan_that_cannot_be_made_is_an_error(case: Analysis) -> None:
    with pytest.raises(PlanError):
        BLUEPRINT.plan(case)
    with pytest.raises(PlanError):
        BLUEPRINT.render(CASES["tasks"], BLUEPRINT.plan(CASES["tasks"]), "no-such-task")


def test_the_example_is_understood_and_served() -> None:
    analyse = pytest.importorskip("qlp.pipeline.analyse").analyse
    found = analyse(Request(text=BLUEPRINT.example))
    assert BLUEPRINT.match(found).score >= 0.9
