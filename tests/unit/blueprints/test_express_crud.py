"""What express-crud promises is what it renders, and it refuses what it cannot do."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from qlp.blueprints.express_crud import ExpressCrud
from qlp.blueprints.rest.resources import normalise
from qlp.config import RunSettings
from qlp.errors import PlanError
from qlp.models import Analysis, Entity, FieldSpec, Plan, ProjectSpec, Relation, Rule, SourceFile

pytestmark = pytest.mark.unit

BLUEPRINT = ExpressCrud()
TYPES = ("str", "text", "int", "decimal", "float", "bool", "date", "datetime", "email", "url", "uuid")


def field(name: str, type_: str = "str", **options: object) -> FieldSpec:
    return FieldSpec.model_validate({"name": name, "type": type_, **options})


def entity(name: str, plural: str, *fields: FieldSpec, belongs_to: tuple[Relation, ...] = ()) -> Entity:
    return Entity(name=name, plural=plural, fields=fields, relations=belongs_to)


def analysis(*entities: Entity, rules: tuple[Rule, ...] = (), **spec: object) -> Analysis:
    base: dict[str, object] = {"name": "shop-api", "kind": "rest_api", "language": "typescript"}
    base |= {"framework": "express", "summary": "A shop.", "entities": entities, "rules": rules}
    return Analysis(spec=ProjectSpec.model_validate(base | spec))


BOOK = entity("Book", "books", field("title"), field("price", "decimal", minimum=0), field("stock", "int", minimum=0))
ORDER = entity("Order", "orders", field("quantity", "int", minimum=1), belongs_to=(Relation(target="Book"),))
TAKES = Rule(kind="decrement", source="Order", target="Book", field="stock")
CUSTOMER = entity("Customer", "customers", field("name"), field("email", "email", unique=True))
INVOICE = entity(
    "Invoice",
    "invoices",
    field("number", unique=True),
    field("status", choices=("draft", 'so "called"', "it's paid")),
    field("due_on", "date", required=False),
    belongs_to=(Relation(target="Customer"), Relation(target="Invoice", required=False)),
)
EVERY = entity(
    "Thing",
    "things",
    *(field(f"a_{t}", t) for t in TYPES),
    *(field(f"may_{t}", t, required=False) for t in TYPES),
    *(field(f"one_{t}", t, unique=True) for t in TYPES if t != "bool"),
    field("rating", "int", minimum=1, maximum=5),
)
ODD = (
    entity("Store", "stores", field("class"), field("func", "int"), field("id", "uuid"), field("a2"), field("a_2")),
    entity("Page", "pages", field("default", "text"), belongs_to=(Relation(target="Store"),)),
    entity("BloodTest", "blood_tests", field("record", "bool"), field("read", "bool")),
)
SERVED = {
    "bookstore": analysis(BOOK, ORDER, rules=(TAKES,)),
    "children first": analysis(ORDER, BOOK, rules=(TAKES,)),
    "implied by the rule": analysis(
        entity("Book", "books", field("title")), entity("Order", "orders", field("note")), rules=(TAKES,)
    ),
    "invoices": analysis(CUSTOMER, INVOICE, auth="api_key"),
    "every type": analysis(EVERY),
    "odd names": analysis(*ODD),
    "no framework named": analysis(BOOK, framework=None),
}


def rendered(plan: Plan, of: Analysis) -> list[SourceFile]:
    return [f for task in plan.tasks for f in BLUEPRINT.render(of, plan, task.id)]


@pytest.fixture(params=SERVED.values(), ids=SERVED)
def served(request: pytest.FixtureRequest) -> Analysis:
    value: Analysis = request.param
    return value


def test_what_it_serves_scores_one(served: Analysis) -> None:
    match = BLUEPRINT.match(served)
    assert (match.score, match.missing) == (1.0, ())


def test_every_promised_file_is_rendered_once_by_its_task(served: Analysis) -> None:
    plan = BLUEPRINT.plan(served)
    for task in plan.tasks:
        files = [f.path for f in BLUEPRINT.render(served, plan, task.id)]
        assert files == [f.path for f in plan.files_of(task.id)]
        assert files, f"task {task.id} has nothing to do"
    counted = Counter(f.path for f in plan.contract.files)
    assert [path for path, n in counted.items() if n > 1] == []
    assert {f.task for f in plan.contract.files} == {t.id for t in plan.tasks}


def test_no_two_files_differ_only_in_case(served: Analysis) -> None:
    paths = [f.path.lower() for f in BLUEPRINT.plan(served).contract.files]
    assert len(paths) == len(set(paths))


def test_dependencies_come_before_their_tasks(served: Analysis) -> None:
    seen: set[str] = set()
    for task in BLUEPRINT.plan(served).tasks:
        assert set(task.depends_on) <= seen
        seen.add(task.id)


def test_every_kind_of_task_is_there(served: Analysis) -> None:
    kinds = {t.kind for t in BLUEPRINT.plan(served).tasks}
    assert kinds == {"code", "test", "docs", "deployment", "config"}


def test_promised_names_are_exported_by_their_files(served: Analysis) -> None:
    plan = BLUEPRINT.plan(served)
    contents = {f.path: f.content for f in rendered(plan, served)}
    for name in plan.contract.names:
        exports = [line for line in contents[name.file].splitlines() if line.startswith("export ")]
        assert any(name.name in line.replace("(", " ").replace("<", " ").split() or f"{name.name}:" in line.split()
                   for line in exports), name  # fmt: skip


def test_same_analysis_same_files(served: Analysis) -> None:
    again = Analysis.model_validate_json(served.model_dump_json())
    assert BLUEPRINT.plan(again) == BLUEPRINT.plan(served)
    assert rendered(BLUEPRINT.plan(again), again) == rendered(BLUEPRINT.plan(served), served)


def test_files_are_tidy(served: Analysis) -> None:
    for file in rendered(BLUEPRINT.plan(served), served):
        assert file.content.endswith("\n"), file.path
        assert not file.content.endswith("\n\n"), file.path
        assert not file.content.startswith("\n"), file.path
        if file.path.endswith(".ts"):
            assert "\n\n\n" not in file.content, file.path
            assert not any(line != line.rstrip() for line in file.content.splitlines()), file.path


def test_commands_name_files_of_the_project(served: Analysis) -> None:
    plan = BLUEPRINT.plan(served)
    paths = {f.path for f in plan.contract.files}
    test = plan.contract.command("test")
    assert test is not None
    compiled = {p.removeprefix("dist/").removesuffix(".js") + ".ts" for p in test.argv if p.startswith("dist/")}
    assert compiled == {p for p in paths if p.endswith(".test.ts")}
    assert {c.purpose for c in plan.contract.commands} == {"install", "build", "test", "start"}


def test_smoke_creates_parents_first_and_deletes_children_first() -> None:
    routes = BLUEPRINT.plan(SERVED["children first"]).contract.routes
    calls = [f"{r.method} {r.path}" for r in routes]
    assert calls.index("POST /books") < calls.index("POST /orders")
    assert calls.index("DELETE /orders/1") < calls.index("DELETE /books/1")
    order = next(r for r in routes if r.method == "POST" and r.path == "/orders")
    assert order.body is not None
    assert order.body["book_id"] == 1


def test_smoke_knows_the_key_that_the_server_is_started_with() -> None:
    contract = BLUEPRINT.plan(SERVED["invoices"]).contract
    start = contract.command("start")
    assert start is not None
    assert start.env["API_KEY"]
    for route in contract.routes:
        key = None if route.path == "/health" else start.env["API_KEY"]
        assert route.headers.get("X-API-Key") == key


def test_a_rule_brings_what_it_needs() -> None:
    plan = BLUEPRINT.plan(SERVED["implied by the rule"])
    assert any("book_id" in a for a in plan.assumptions)
    assert any("quantity" in a for a in plan.assumptions)
    order = next(r for r in plan.contract.routes if r.method == "POST" and r.path == "/orders")
    assert order.body is not None
    assert {"book_id", "quantity"} <= set(order.body)


def test_a_field_called_id_is_the_servers() -> None:
    plan = BLUEPRINT.plan(SERVED["odd names"])
    assert "Store.id is assigned by the server." in plan.assumptions
    body = next(r.body for r in plan.contract.routes if r.method == "POST" and r.path == "/stores")
    assert body is not None
    assert "id" not in body


def test_money_limits_are_cents() -> None:
    of = analysis(entity("Fee", "fees", field("amount", "decimal", minimum=0.015, maximum=2.5)))
    model = next(f for f in rendered(BLUEPRINT.plan(of), of) if f.path == "src/fee/model.ts")
    assert "amount: money({ min: 2, max: 250 })" in model.content


def test_the_summary_cannot_leave_its_place() -> None:
    of = analysis(BOOK, summary='Books */ "quoted"\n\n# heading \\ ${x}')
    files = {f.path: f.content for f in rendered(BLUEPRINT.plan(of), of)}
    description = json.loads(files["package.json"])["description"]
    assert description == 'Books */ "quoted" # heading \\ ${x}'
    assert all("quoted" not in content for path, content in files.items() if path.endswith(".ts"))


REFUSED = {
    "language": analysis(BOOK, language="javascript"),
    "kind": analysis(BOOK, kind="cli"),
    "framework": analysis(BOOK, framework="nestjs"),
    "unmet": Analysis(spec=analysis(BOOK).spec, unmet=("WebSockets",)),
    "contradiction": Analysis(spec=analysis(BOOK).spec, contradictions=("with and without keys",)),
    "commands": analysis(BOOK, commands=("import",)),
    "no entity": analysis(),
    "no field": analysis(entity("Book", "books")),
    "unknown parent": analysis(ORDER),
    "circle": analysis(
        entity("A", "as", field("x"), belongs_to=(Relation(target="B"),)),
        entity("B", "bs", field("x"), belongs_to=(Relation(target="A"),)),
    ),
    "own parent": analysis(entity("A", "as", field("x"), belongs_to=(Relation(target="A"),))),
    "two of a name": analysis(BOOK, BOOK),
    "path taken": analysis(entity("Health", "health", field("x"))),
    "bad field name": analysis(entity("Book", "books", field("__proto__"))),
    "unique bool": analysis(entity("Book", "books", field("sold", "bool", unique=True))),
    "few unique values": analysis(entity("Book", "books", field("shelf", "int", unique=True, minimum=1, maximum=9))),
    "empty range": analysis(entity("Book", "books", field("shelf", "int", minimum=5, maximum=4))),
    "choices of numbers": analysis(entity("Book", "books", field("size", "int", choices=("1", "2")))),
    "rule about a text": analysis(
        BOOK, ORDER, rules=(Rule(kind="decrement", source="Order", target="Book", field="title"),)
    ),
    "rule about nothing": analysis(BOOK, rules=(Rule(kind="decrement", source="Sale", target="Book", field="stock"),)),
}


@pytest.mark.parametrize("of", REFUSED.values(), ids=REFUSED)
def test_what_it_cannot_do_scores_below_the_threshold(of: Analysis) -> None:
    match = BLUEPRINT.match(of)
    assert match.score < RunSettings().match_threshold
    assert match.missing


def test_a_plan_of_what_cannot_be_served_is_an_error() -> None:
    with pytest.raises(PlanError, match="not described"):
        BLUEPRINT.plan(REFUSED["unknown parent"])
    plan = BLUEPRINT.plan(SERVED["bookstore"])
    with pytest.raises(PlanError, match="no task"):
        BLUEPRINT.render(SERVED["bookstore"], plan, "unheard-of")


def test_optional_circles_are_ordered() -> None:
    spec = analysis(
        entity("A", "as", field("x"), belongs_to=(Relation(target="B", required=False),)),
        entity("B", "bs", field("x"), belongs_to=(Relation(target="A"),)),
    ).spec
    assert [r.name for r in normalise(spec)] == ["A", "B"]
