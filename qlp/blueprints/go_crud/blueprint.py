"""The project as tables: which file belongs to which task and comes from which template."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from qlp.blueprints.go_crud import go_views
from qlp.blueprints.go_crud.go_views import GoResource
from qlp.blueprints.protocol import Match
from qlp.blueprints.rendering import render
from qlp.blueprints.rest import examples, wording
from qlp.blueprints.rest.resources import Resources, normalise
from qlp.blueprints.rest.scoring import score
from qlp.errors import PlanError
from qlp.models import (
    Analysis,
    ContractFile,
    InterfaceContract,
    Plan,
    ProjectCommand,
    PublicName,
    SourceFile,
    Task,
)

PACKAGE = "qlp.blueprints.go_crud"
PORT = 8000


@dataclass(frozen=True)
class Part:
    """One file of the project."""

    path: str
    task: str
    template: str
    purpose: str
    extra: dict[str, object] = field(default_factory=dict)


class GoCrud:
    """REST CRUD in Go: net/http, standard library only, JSON snapshot."""

    name = "go-crud"
    version = "1"
    title = "REST API in Go (net/http, no dependencies): CRUD, relations, unique fields, stock rules, API key"
    example = (
        "Build a REST API in Go for a bookstore: books with title, author, price and stock, "
        "and orders that reduce the stock"
    )

    def match(self, analysis: Analysis) -> Match:
        return score(self.name, analysis, language="go", frameworks=frozenset({"net/http", "http", "stdlib"}))

    def plan(self, analysis: Analysis) -> Plan:
        """Raises PlanError for a specification that `match` does not serve."""
        resources = _resources(analysis)
        spec = analysis.spec
        auth = spec.auth == "api_key"
        contract = InterfaceContract(
            project=spec.name,
            kind="rest_api",
            language="go",
            framework="net/http",
            files=tuple(ContractFile(path=p.path, task=p.task, purpose=p.purpose) for p in _parts(analysis, resources)),
            names=_names(_views(resources), auth=auth),
            routes=examples.smoke(resources, api_key=auth),
            commands=(
                ProjectCommand(purpose="build", argv=("go", "build", "-o", "bin/server", "./cmd/server")),
                ProjectCommand(purpose="test", argv=("go", "test", "./...")),
                ProjectCommand(
                    purpose="start", argv=("./bin/server",), env={"API_KEY": examples.EXAMPLE_KEY} if auth else {}
                ),
            ),
            port=PORT,
            notes=wording.notes(resources, api_key=auth),
        )
        return Plan(
            generator=f"blueprint:{self.name}@{self.version}",
            tasks=_tasks(resources),
            contract=contract,
            assumptions=(*analysis.assumptions, *resources.assumptions),
        )

    def render(self, analysis: Analysis, plan: Plan, task_id: str) -> tuple[SourceFile, ...]:
        """Raises PlanError for a task that the plan does not have."""
        if task_id not in {t.id for t in plan.tasks}:
            raise PlanError(f"{self.name} has no task {task_id!r}")
        resources = _resources(analysis)
        context = _context(analysis, resources)
        return tuple(
            SourceFile(path=p.path, content=render(PACKAGE, p.template, **(context | p.extra)))
            for p in _parts(analysis, resources)
            if p.task == task_id
        )


def _resources(analysis: Analysis) -> Resources:
    resources = normalise(analysis.spec)
    if resources.problems:
        raise PlanError(f"cannot be served: {'; '.join(resources.problems)}")
    return resources


def _views(resources: Resources) -> tuple[GoResource, ...]:
    return tuple(GoResource(r, resources) for r in resources)


def _module(analysis: Analysis) -> str:
    """A path with a dot cannot shadow a package of the standard library."""
    return f"example.com/{analysis.spec.name}"


def _context(analysis: Analysis, resources: Resources) -> dict[str, object]:
    spec, views, types = analysis.spec, _views(resources), resources.types
    columns = [c for r in resources for c in r.columns]
    return {
        "project": spec.name,
        "module": _module(analysis),
        "summary": wording.one_line(spec.summary),
        "auth": spec.auth == "api_key",
        "uses": lambda *names: bool(types & set(names)),
        "refs": "ref" in types,
        "uniques": any(r.uniques for r in resources),
        "decrements": any(r.decrements for r in resources),
        "optional": any(not c.required for c in columns),
        "required_text": any(c.required and c.type in ("str", "text") and not c.choices for c in columns),
        "minimum": any(c.minimum is not None for c in columns),
        "maximum": any(c.maximum is not None for c in columns),
        "views": views,
        "first": views[0],
        "collection_fields": go_views.collection_fields(views),
        "fixture_imports": go_views.fixture_imports(views),
        "rules_text": wording.rules_text(resources),
        "curl": _curl(resources, auth=spec.auth == "api_key"),
    }


def _curl(resources: Resources, *, auth: bool) -> tuple[str, ...]:
    """The first creations and a list, to paste into a shell."""
    key = "-H 'X-API-Key: change-me' " if auth else ""
    lines = []
    for r in resources:
        body = json.dumps(examples.body(resources, r, 1), ensure_ascii=False).replace("'", "'\\''")
        lines.append(f"curl {key}-H 'Content-Type: application/json' localhost:{PORT}/{r.path} \\\n  -d '{body}'")
    return (*lines, f"curl {key}'localhost:{PORT}/{resources.items[0].path}?limit=10'")


def _tasks(resources: Resources) -> tuple[Task, ...]:
    """Every entity is a task of its own, after the entities that it refers to."""
    placed: list[str] = []
    entity_tasks = []
    for r in resources:
        parents = sorted({f"code-{resources.of(c.target or '').kebab}" for c in r.refs if c.target in placed})
        entity_tasks.append(
            Task(
                id=f"code-{r.kebab}",
                kind="code",
                title=f"{r.noun.capitalize()}: model and rules",
                instructions=f"Fields and rules of {wording.with_article(r.noun)}.",
                complexity="medium" if r.decrements else "simple",
                depends_on=("core", *parents),
            )
        )
        placed.append(r.name)
    entities = tuple(t.id for t in entity_tasks)
    return (
        Task(id="config", kind="config", title="Module and ignored files", complexity="trivial"),
        Task(
            id="core",
            kind="code",
            title="Input, collections and snapshot",
            complexity="medium",
            depends_on=("config",),
        ),
        *entity_tasks,
        Task(
            id="app",
            kind="code",
            title="Store, HTTP interface and server process",
            complexity="medium",
            depends_on=("core", *entities),
        ),
        Task(id="tests", kind="test", title="HTTP, storage and property tests", depends_on=("app",)),
        Task(id="docs", kind="docs", title="README", complexity="trivial", depends_on=("app",)),
        Task(id="deployment", kind="deployment", title="Container image and CI", depends_on=("app",)),
    )


def _parts(analysis: Analysis, resources: Resources) -> tuple[Part, ...]:
    types = resources.types
    parts = [
        Part("go.mod", "config", "go.mod.j2", "module"),
        Part(".gitignore", "config", "gitignore.j2", "what stays out of the repository"),
        Part("internal/input/input.go", "core", "input.go.j2", "JSON to typed fields"),
        Part("internal/store/collection.go", "core", "collection.go.j2", "records of one kind, with transactions"),
        Part("internal/store/snapshot.go", "app", "snapshot.go.j2", "atomic JSON file"),
    ]
    if "decimal" in types:
        parts.append(Part("internal/money/money.go", "core", "money.go.j2", "money in whole cents"))
    for number, view in enumerate(_views(resources)):
        extra: dict[str, object] = {"r": view, "first_file": number == 0}
        task = f"code-{view.resource.kebab}"
        parts += [
            Part(f"internal/model/{view.flat}.go", task, "model.go.j2", f"fields of {view.a_noun}", extra),
            Part(f"internal/store/{view.flat}_rules.go", task, "rules.go.j2", f"rules of {view.a_noun}", extra),
        ]
    parts += [
        Part("internal/store/store.go", "app", "store.go.j2", "the repository and its transactions"),
        Part("internal/api/api.go", "app", "api.go.j2", "the API as a handler"),
        Part("internal/api/resource.go", "app", "resource.go.j2", "HTTP of every kind of record"),
        Part("internal/api/problem.go", "app", "problem.go.j2", "errors as problem+json"),
    ]
    if analysis.spec.auth == "api_key":
        parts.append(Part("internal/api/auth.go", "app", "auth.go.j2", "API key"))
    parts += [
        Part("cmd/server/main.go", "app", "main.go.j2", "the process: listen and shut down"),
        Part("internal/api/support_test.go", "tests", "support_test.go.j2", "a running API and its client"),
        Part("internal/api/fixtures_test.go", "tests", "fixtures_test.go.j2", "valid records"),
        Part("internal/api/http_test.go", "tests", "http_test.go.j2", "protocol and persistence"),
        Part("internal/store/collection_test.go", "tests", "collection_test.go.j2", "concurrency and roll-back"),
        Part("internal/input/input_test.go", "tests", "input_test.go.j2", "properties of the parsers"),
    ]
    if "decimal" in types:
        parts.append(Part("internal/money/money_test.go", "tests", "money_test.go.j2", "money is exact"))
    for view in _views(resources):
        path = f"internal/api/{view.flat}_api_test.go"
        parts.append(Part(path, "tests", "entity_test.go.j2", f"{view.noun} over HTTP", {"r": view}))
        for d in view.decrements:
            path = f"internal/api/{d.file}_rule_test.go"
            parts.append(Part(path, "tests", "rule_test.go.j2", "the rule, also concurrently", {"r": view, "d": d}))
    parts += [
        Part("README.md", "docs", "README.md.j2", "how to run, use and test"),
        Part("Dockerfile", "deployment", "Dockerfile.j2", "multi-stage image, unprivileged user"),
        Part(".dockerignore", "deployment", "dockerignore.j2", "what stays out of the image"),
        Part(".github/workflows/ci.yml", "deployment", "ci.yml.j2", "format, vet, test and image"),
    ]
    return tuple(parts)


def _names(views: tuple[GoResource, ...], *, auth: bool) -> tuple[PublicName, ...]:
    parameters = "records store.Repository, apiKey string" if auth else "records store.Repository"
    names = [
        PublicName(file="internal/api/api.go", name="New", signature=f"func New({parameters}) http.Handler"),
        PublicName(file="internal/store/store.go", name="Open", signature="func Open(path string) (*Memory, error)"),
        PublicName(file="internal/store/store.go", name="Repository", kind="type"),
        PublicName(file="internal/store/store.go", name="Memory", kind="type"),
        PublicName(file="internal/store/collection.go", name="Collection", kind="type"),
        PublicName(file="internal/input/input.go", name="Decode"),
    ]
    for view in views:
        file = f"internal/model/{view.flat}.go"
        names += [
            PublicName(file=file, name=view.type, kind="type"),
            PublicName(file=file, name=view.fields, kind="type"),
            PublicName(
                file=file, name=view.read_fn, signature=f"func {view.read_fn}(o *input.Object, f *{view.fields})"
            ),
        ]
    return tuple(names)
