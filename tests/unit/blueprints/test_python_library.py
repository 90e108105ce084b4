"""The blueprint `python-library`: three flavours, exact factors, and what it refuses."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from qlp.blueprints.python_library import PythonLibrary
from qlp.blueprints.python_library.layout import call, import_line, one_line, package_name
from qlp.blueprints.python_library.units import FAMILIES, converted, find_unit, short
from qlp.config import Settings
from qlp.errors import PlanError
from qlp.models import Analysis, Entity, FieldSpec, ProjectSpec, Relation, Request, Rule

pytestmark = pytest.mark.unit

BLUEPRINT = PythonLibrary()
THRESHOLD = Settings().runs.match_threshold
BOOK = Entity(
    name="Book",
    plural="books",
    fields=(
        FieldSpec(name="title", type="str", unique=True),
        FieldSpec(name="class", type="str", choices=("new", "used")),
        FieldSpec(name="price", type="decimal", minimum=0),
        FieldSpec(name="stock", type="int", minimum=0),
        FieldSpec(name="date", type="date", required=False),
    ),
)
ORDER = Entity(
    name="Order",
    plural="orders",
    fields=(FieldSpec(name="quantity", type="int"),),
    relations=(Relation(target="Book"),),
)
STOCK = Rule(kind="decrement", source="Order", target="Book", field="stock")


def analysis(words: str, *entities: Entity, unmet: tuple[str, ...] = (), **spec: object) -> Analysis:
    fields = {"name": "my-library", "kind": "library", "language": "python", "summary": "A library", **spec}
    return Analysis(
        spec=ProjectSpec.model_validate({**fields, "entities": entities}),
        unmet=unmet,
        words=tuple(words.lower().replace(",", " ").split()),
    )


CASES = {
    "units": analysis("a library to convert temperature, length and data sizes"),
    "functions": analysis("library", commands=("celsius_to_fahrenheit", "miles_to_kilometers")),
    "default": analysis("unit conversion library"),
    "one": analysis("validate email addresses"),
    "all": analysis("validators for url hostname ip mac uuid iban card isbn ean color slug phone semver date"),
    "aliases": analysis("library", commands=("is_valid_email", "validate_iban")),
    "domain": analysis("books and orders", BOOK, ORDER, rules=(STOCK,), commands=("add_book", "find")),
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
    files = rendered(case)
    assert "src/my_library/py.typed" in files
    for path, content in files.items():
        if path.endswith(".py"):
            ast.parse(content, path)


@pytest.mark.parametrize("name", CASES)
def test_the_run_prints_what_the_contract_expects(name: str, tmp_path: Path) -> None:
    for path, content in rendered(CASES[name]).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    run = BLUEPRINT.plan(CASES[name]).contract.command("run")
    assert run is not None
    env = dict(os.environ) | run.env
    done = subprocess.run([sys.executable, *run.argv[1:]], cwd=tmp_path, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert run.expect_stdout
    assert run.expect_stdout in done.stdout


def test_the_functions_that_were_asked_are_exported() -> None:
    exported = rendered(CASES["functions"])["src/my_library/__init__.py"]
    assert '"celsius_to_fahrenheit",' in exported
    aliases = rendered(CASES["aliases"])["src/my_library/__init__.py"]
    assert "is_valid_email = is_email" in aliases
    assert '"is_valid_email",' in aliases


@pytest.mark.parametrize(
    ("value", "source", "target", "wanted"),
    [
        ("100", "celsius", "fahrenheit", "212"),
        ("-40", "fahrenheit", "celsius", "-40"),
        ("1", "mile", "metre", "1609.344"),
        ("1", "pound", "kilogram", "0.453592"),
        ("1", "gallon", "litre", "3.785412"),
        ("1", "imperial_gallon", "litre", "4.54609"),
        ("1", "acre", "square_metre", "4046.856422"),
        ("1", "psi", "pascal", "6894.757293"),
        ("760", "torr", "atmosphere", "1"),
        ("36", "kilometre_per_hour", "metre_per_second", "10"),
        ("1", "kibibyte", "bit", "8192"),
        ("1", "metric_horsepower", "watt", "735.49875"),
    ],
)
def test_factors_agree_with_the_definitions(value: str, source: str, target: str, wanted: str) -> None:
    first, second = find_unit(source), find_unit(target)
    assert first is not None
    assert second is not None
    assert short(converted(Fraction(value), first[1], second[1])) == wanted


def test_names_of_units_are_unique_within_the_catalogue() -> None:
    rows = [row for family in FAMILIES.values() for row in family]
    names = [n.casefold().replace(" ", "_") for row in rows for n in (row.name, *row.aliases)]
    assert len(names) == len(set(names))
    symbols = [row.symbol for row in rows]
    assert len(symbols) == len(set(symbols))


@pytest.mark.parametrize("name", CASES)
def test_what_can_be_served_scores_one(name: str) -> None:
    match = BLUEPRINT.match(CASES[name])
    assert (match.score, match.missing) == (1.0, ())


@pytest.mark.parametrize(
    "case",
    [
        analysis("library for parsing markdown"),
        analysis("library for matrix multiplication"),
        analysis("convert currencies"),
        analysis("convert length and currency"),
        analysis("convert temperature and shoes"),
        analysis("convert time zones"),
        analysis("validate emails and passports"),
        analysis("validate email addresses", language="go"),
        analysis("validate email addresses", kind="cli"),
        analysis("validate email addresses", framework="pydantic"),
        analysis("validate email addresses", unmet=("look-ups",)),
        analysis("library", commands=("celsius_to_kilometers",)),
        analysis("convert length", commands=("solve",)),
        analysis("validate emails and convert length"),
        analysis("books", BOOK, commands=("borrow_book",)),
        analysis("orders", ORDER),
    ],
)
def test_what_cannot_be_served_falls_below_the_threshold(case: Analysis) -> None:
    match = BLUEPRINT.match(case)
    assert match.score < THRESHOLD
    assert match.missing


@pytest.mark.parametrize("case", [analysis("parsing markdown"), analysis("orders", ORDER)])
def test_a_plan_that_cannot_be_made_is_an_error(case: Analysis) -> None:
    with pytest.raises(PlanError):
        BLUEPRINT.plan(case)


def test_the_same_analysis_gives_the_same_files() -> None:
    assert rendered(CASES["domain"]) == rendered(CASES["domain"].model_copy(deep=True))


@pytest.mark.parametrize(
    ("project", "package"),
    [
        ("book-shop", "book_shop"),
        ("json", "json_app"),
        ("class", "class_app"),
        ("3d", "app_3d"),
        ("tests", "tests_app"),
    ],
)
def test_package_names_shadow_nothing(project: str, package: str) -> None:
    assert package_name(project) == package


def test_text_of_the_request_is_made_safe() -> None:
    assert one_line('say "hi" \\ `x`\n<b>') == "Say 'hi' ' 'x' 'b."
    assert one_line("\0") == "A Python project."


def test_long_calls_and_imports_break_as_the_formatter_breaks_them() -> None:
    assert call(4, "f", ["a", "b"]) == "    f(a, b)"
    assert call(0, "f", ["a" * 60, "b" * 60]).splitlines() == ["f(", f"    {'a' * 60},", f"    {'b' * 60},", ")"]
    assert call(0, "f" * 60, ["a" * 50]).splitlines() == ["f" * 60 + "(", "    " + "a" * 50, ")"]
    assert import_line("m", ["b", "A", "C_D"]) == "from m import C_D, A, b"
    assert import_line("m", ["a" * 60, "b" * 60]).splitlines()[-1] == ")"


def test_the_example_is_understood_and_served() -> None:
    analyse = pytest.importorskip("qlp.pipeline.analyse").analyse
    found = analyse(Request(text=BLUEPRINT.example))
    assert BLUEPRINT.match(found).score >= 0.9
