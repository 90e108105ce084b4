"""The FastAPI blueprint: what it promises it renders, and what it renders is well-formed and formatted."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from qlp.blueprints.fastapi_crud import FastApiCrud
from qlp.models import Analysis, Entity, FieldSpec, FieldType, Plan, ProjectSpec, Relation, Request, Rule
from qlp.pipeline.analyse import analyse

pytestmark = pytest.mark.unit

THRESHOLD = 0.75
"""settings.runs.match_threshold: what scores less is refused."""

TYPES: tuple[FieldType, ...] = (
    "str",
    "text",
    "int",
    "decimal",
    "float",
    "bool",
    "date",
    "datetime",
    "email",
    "url",
    "uuid",
)
BOOKSTORE = (
    "Build a REST API for a bookstore: books with title, author, price and stock, and orders that reduce the stock"
)


def understand(text: str) -> Analysis:
    return analyse(Request(text=text), lambda words, text: ())


def entity(name: str, plural: str, *fields: FieldSpec, parents: tuple[Relation, ...] = ()) -> Entity:
    return Entity(name=name, plural=plural, fields=fields, relations=parents)


def field(name: str, kind: FieldType = "str", **more: object) -> FieldSpec:
    return FieldSpec.model_validate({"name": name, "type": kind, **more})


def analysis(name: str, *entities: Entity, rules: tuple[Rule, ...] = (), auth: str = "none") -> Analysis:
    spec = ProjectSpec.model_validate(
        {
            "name": name,
            "kind": "rest_api",
            "language": "python",
            "framework": "fastapi",
            "summary": 'A "quoted" summary with {{ braces }}, a backslash \\ and a `tick`',
            "entities": entities,
            "rules": rules,
            "auth": auth,
        }
    )
    return Analysis(spec=spec)


def needs(target: str, *, required: bool = True) -> Relation:
    return Relation(target=target, required=required)


LONG = "a_name_that_is_as_long_as_a_name_may_be"
SPECS: dict[str, Analysis] = {
    "bookstore": understand(BOOKSTORE),
    "invoices": understand(
        "FastAPI service for invoices with customer name, amount, due date and status (draft, sent), with an API key"
    ),
    "every type": analysis(
        "every-type",
        entity(
            "Thing",
            "things",
            *(field(f"a_{kind}", kind) for kind in TYPES),
            *(field(f"o_{kind}", kind, required=False) for kind in TYPES),
            field("status", choices=("open", "in_progress")),
            field("stage", required=False, choices=tuple(f"a_rather_long_choice_{n}" for n in range(8))),
        ),
    ),
    "unique": analysis(
        "unique",
        entity("Thing", "things", *(field(f"u_{kind}", kind, unique=True) for kind in TYPES if kind != "bool")),
        auth="api_key",
    ),
    "odd names": analysis(
        "odd-names",
        entity(
            "Sheep",
            "sheep",
            *(field(n) for n in ("class_name", "from_value", "order", "group", "select", "self_value", "dt", "app")),
            field("date", "date"),
            field("limit", "int"),
            field("offset", "int"),
        ),
        entity("Series", "series", field("index", "int"), parents=(needs("Sheep"),)),
        entity(
            "ClassRecord",
            "classes",
            field("record"),
            parents=(needs("ClassRecord", required=False), needs("Series", required=False)),
        ),
        entity(
            "AThingWhoseNameIsAsLongAsANameMayBeHere",
            "a_thing_whose_name_is_as_long_as_names",
            field(LONG, "decimal", minimum=0, maximum=1000, unique=True),
            field(LONG.replace("a_name", "b_name"), choices=("one", "two")),
            parents=(needs("ClassRecord"), needs("Sheep")),
        ),
    ),
    "one field": analysis("one-field", entity("Note", "notes", field("done", "bool"))),
    "relations only": analysis(
        "school",
        entity("Student", "students", field("name")),
        entity("Course", "courses", field("title", unique=True), field("seats", "int", minimum=0)),
        entity(
            "Enrollment",
            "enrollments",
            field("quantity", "int", minimum=1),
            field("note", "text", required=False),
            field("code", unique=True),
            parents=(needs("Student"), needs("Course")),
        ),
        entity("Membership", "memberships", parents=(needs("Student"),)),
        rules=(Rule(kind="decrement", source="Enrollment", target="Course", field="seats"),),
        auth="api_key",
    ),
    "children first": analysis(
        "chain",
        entity("D", "ds", field("x", "float", minimum=0.5, maximum=0.75), parents=(needs("C"),)),
        entity("C", "cs", parents=(needs("B"),)),
        entity("B", "bs", field("level", "int", minimum=1, maximum=5), parents=(needs("A"),)),
        entity("A", "as_records", field("email", "email", unique=True, required=False)),
        entity("Stock", "stocks", field("stock", "int", minimum=0, maximum=20), parents=(needs("A"),)),
        entity("Take", "takes", field("quantity", "int", minimum=1), parents=(needs("Stock"),)),
        rules=(Rule(kind="decrement", source="Take", target="Stock", field="stock"),),
    ),
    "two ways to one parent": analysis(
        "diamond",
        entity("Owner", "owners", field("email", "email", unique=True), field("code", "int", unique=True, minimum=5)),
        entity("Pet", "pets", field("chip", "uuid", unique=True), parents=(needs("Owner"),)),
        entity(
            "Visit",
            "visits",
            field("day", "date", unique=True),
            field("fee", "decimal", unique=True, minimum=1, maximum=90),
            parents=(needs("Pet"), needs("Owner")),
        ),
    ),
    "twelve things": analysis(
        "twelve",
        *(
            entity(
                f"Entity{'ABCDEFGHIJKL'[n]}",
                f"entity_{'abcdefghijkl'[n]}s",
                *(field(f"field_{f}", TYPES[(n + f) % len(TYPES)], required=f % 3 != 0) for f in range(12)),
                parents=(needs(f"Entity{'ABCDEFGHIJKL'[n - 1]}"),) if n % 3 else (),
            )
            for n in range(12)
        ),
    ),
}


def rendered(case: Analysis, plan: Plan) -> Iterator[tuple[str, str, str]]:
    """(task, path, content) of every file."""
    blueprint = FastApiCrud()
    for task in plan.tasks:
        for file in blueprint.render(case, plan, task.id):
            yield task.id, file.path, file.content


every_spec = pytest.mark.parametrize("name", SPECS)


@every_spec
def test_renders_exactly_what_the_contract_promises(name: str) -> None:
    plan = FastApiCrud().plan(SPECS[name])
    promised = {(f.task, f.path) for f in plan.contract.files}
    files = [(task, path) for task, path, _ in rendered(SPECS[name], plan)]
    assert len({f.path for f in plan.contract.files}) == len(plan.contract.files)
    assert len(files) == len(set(files))
    assert set(files) == promised


@every_spec
def test_is_deterministic(name: str) -> None:
    first, second = FastApiCrud().plan(SPECS[name]), FastApiCrud().plan(SPECS[name])
    assert first == second
    assert list(rendered(SPECS[name], first)) == list(rendered(SPECS[name], second))


@every_spec
def test_files_are_well_formed(name: str) -> None:
    for _, path, content in rendered(SPECS[name], FastApiCrud().plan(SPECS[name])):
        assert content.endswith("\n")
        assert not content.endswith("\n\n")
        if path.endswith(".py"):
            assert ast.get_docstring(ast.parse(content)), path
        elif path.endswith(".toml"):
            assert tomllib.loads(content)["project"]["name"] == SPECS[name].spec.name
        elif path.endswith(".yml"):
            assert yaml.safe_load(content)["jobs"]


@every_spec
def test_public_names_are_there(name: str) -> None:
    plan = FastApiCrud().plan(SPECS[name])
    defined = {path: _defined(content) for _, path, content in rendered(SPECS[name], plan) if path.endswith(".py")}
    for public in plan.contract.names:
        assert public.name in defined[public.file], public


def _defined(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


@every_spec
def test_imports_between_files_resolve(name: str) -> None:
    plan = FastApiCrud().plan(SPECS[name])
    sources = {path: content for _, path, content in rendered(SPECS[name], plan) if path.endswith(".py")}
    modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in sources}
    for path, content in sources.items():
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in {"app", "tests"}:
                for alias in node.names:
                    inside = f"{node.module}.{alias.name}" in modules
                    assert inside or alias.name in _defined(sources[modules[node.module]]), (path, alias.name)


@every_spec
def test_formatting_and_lint_are_stable(name: str, tmp_path: Path) -> None:
    if find_spec("ruff") is None:
        pytest.skip("ruff is not installed")
    for _, path, content in rendered(SPECS[name], FastApiCrud().plan(SPECS[name])):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    for arguments in (("format", "--diff"), ("check",)):
        run = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "."], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]


@every_spec
def test_smoke_script_makes_parents_first_and_deletes_them_last(name: str) -> None:
    plan = FastApiCrud().plan(SPECS[name])
    parents = {
        "/" + e.plural.replace("_", "-"): {
            "/" + other.plural.replace("_", "-")
            for other in SPECS[name].spec.entities
            for r in e.relations
            if r.required and r.target == other.name
        }
        for e in SPECS[name].spec.entities
    }
    alive: set[str] = set()
    for route in plan.contract.routes:
        collection = "/" + route.path.split("/")[1]
        if route.method == "POST":
            assert parents[collection] <= alive
            alive.add(collection)
        elif collection in parents:
            assert collection in alive
        if route.method == "DELETE":
            alive.remove(collection)
            assert not any(collection in needed for child, needed in parents.items() if child in alive)
    assert not alive


@every_spec
def test_tasks_form_a_graph_without_cycles(name: str) -> None:
    plan = FastApiCrud().plan(SPECS[name])
    done: set[str] = set()
    for task in plan.tasks:
        assert set(task.depends_on) <= done
        done.add(task.id)
    assert {t.kind for t in plan.tasks} == {"code", "test", "docs", "deployment", "config"}
    assert {c.purpose for c in plan.contract.commands} == {"install", "test", "start"}


def test_api_key_is_in_commands_and_requests() -> None:
    plan = FastApiCrud().plan(SPECS["invoices"])
    start = plan.contract.command("start")
    assert start is not None
    key = start.env["API_KEY"]
    guarded = [r for r in plan.contract.routes if r.path.startswith("/invoices")]
    assert guarded
    assert all(r.headers == {"X-API-Key": key} for r in guarded)
    assert any(f.path == "app/security.py" for f in plan.contract.files)


def test_a_rule_source_keeps_what_it_booked() -> None:
    plan = FastApiCrud().plan(SPECS["bookstore"])
    methods = {(r.method, r.path) for r in plan.contract.routes}
    assert ("PUT", "/books/1") in methods
    assert ("PUT", "/orders/1") not in methods


def test_money_is_never_a_float() -> None:
    files = {path: content for _, path, content in rendered(SPECS["bookstore"], FastApiCrud().plan(SPECS["bookstore"]))}
    assert '"price" INTEGER NOT NULL CHECK ("price" >= 0)' in files["app/database.py"]
    assert "float" not in "".join(c for p, c in files.items() if p.startswith("app/") and p != "app/database.py")


def test_serves_its_own_example_fully() -> None:
    match = FastApiCrud().match(understand(FastApiCrud.example))
    assert match.score == 1.0
    assert match.missing == ()


@pytest.mark.parametrize(
    "text",
    [
        "REST API in Go for books with title",
        "Express API for books with title",
        "REST API for books with title and websockets",
        "Django REST API for books with title",
        "REST API for books with title, stored in PostgreSQL",
        "REST API",
        "REST API without endpoints for books with title",
        "CLI for books with title",
        "write me a poem",
        "",
    ],
)
def test_refuses_what_it_cannot_do(text: str) -> None:
    match = FastApiCrud().match(understand(text))
    assert match.score < THRESHOLD
    assert match.missing or understand(text).contradictions


def test_more_unmet_wishes_score_less() -> None:
    one = FastApiCrud().match(understand("REST API for books with title and websockets"))
    two = FastApiCrud().match(understand("REST API for books with title, websockets and GraphQL"))
    assert two.score < one.score
