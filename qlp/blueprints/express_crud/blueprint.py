"""The project as tables: which file belongs to which task and comes from which template."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from qlp.blueprints.express_crud import ts_views, typescript
from qlp.blueprints.express_crud.ts_views import TsResource
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

PACKAGE = "qlp.blueprints.express_crud"
PORT = 8000


@dataclass(frozen=True)
class Part:
    """One file of the project."""

    path: str
    task: str
    template: str
    purpose: str
    extra: dict[str, object] = field(default_factory=dict)


class ExpressCrud:
    """REST CRUD in TypeScript: Express 4, node:test, JSON snapshot."""

    name = "express-crud"
    version = "1"
    title = "REST API in TypeScript (Express): CRUD, relations, unique fields, stock rules, API key"
    example = (
        "Build a REST API in TypeScript with Express for a bookstore: books with title, author, price and stock, "
        "and orders that reduce the stock"
    )

    def match(self, analysis: Analysis) -> Match:
        return score(self.name, analysis, language="typescript", frameworks=frozenset({"express", "expressjs"}))

    def plan(self, analysis: Analysis) -> Plan:
        """Raises PlanError for a specification that `match` does not serve."""
        resources = _resources(analysis)
        views = _views(resources)
        spec = analysis.spec
        auth = spec.auth == "api_key"
        parts = _parts(analysis, resources)
        tests = tuple(p.path for p in parts if p.path.endswith(".test.ts"))
        contract = InterfaceContract(
            project=spec.name,
            kind="rest_api",
            language="typescript",
            framework="express",
            files=tuple(ContractFile(path=p.path, task=p.task, purpose=p.purpose) for p in parts),
            names=_names(views, auth=auth),
            routes=examples.smoke(resources, api_key=auth),
            commands=(
                ProjectCommand(purpose="install", argv=("qlp-node-install",)),
                ProjectCommand(purpose="build", argv=("node_modules/.bin/tsc", "-p", ".")),
                ProjectCommand(purpose="test", argv=("node", "--test", *(_compiled(path) for path in tests))),
                ProjectCommand(
                    purpose="start",
                    argv=("node", "dist/src/server.js"),
                    env={"API_KEY": examples.EXAMPLE_KEY} if auth else {},
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


def _views(resources: Resources) -> tuple[TsResource, ...]:
    return tuple(TsResource(r, resources) for r in resources)


def _compiled(path: str) -> str:
    return f"dist/{path.removesuffix('.ts')}.js"


def _context(analysis: Analysis, resources: Resources) -> dict[str, object]:
    spec, views = analysis.spec, _views(resources)
    auth, types = spec.auth == "api_key", resources.types
    summary = wording.one_line(spec.summary)
    validation = {"readObject", "type Parse"}
    validation |= {"Invalid"} if types & {"date", "datetime", "email", "url", "uuid"} else set()
    validation |= {{"datetime": "dateTime"}.get(t, t) for t in types & {"date", "datetime", "email", "url", "uuid"}}
    return {
        "project": spec.name,
        "package_name": spec.name,
        "package_name_json": json.dumps(spec.name),
        "summary": summary,
        "summary_json": json.dumps(summary, ensure_ascii=False),
        "auth": auth,
        "types": types,
        "uses": lambda *names: bool(types & set(names)),
        "refs": "ref" in types,
        "uniques": any(r.uniques for r in resources),
        "decrements": any(r.decrements for r in resources),
        "all_money": all(v.money for v in views),
        "resources": resources,
        "views": views,
        "first": views[0],
        "first_import": typescript.imports({views[0].body_fn, views[0].create_fn}, "./fixtures.js"),
        "app_imports": ts_views.app_imports(views, auth=auth),
        "rules_text": wording.rules_text(resources),
        "validation_import": typescript.imports(validation, "../src/validation.js"),
        "shape_list": typescript.array(
            (v.shape for v in views), before="  const shapes: Record<string, Parse<unknown>>[] = ", after=";"
        ),
        "curl": _curl(resources, auth=auth),
    }


def _curl(resources: Resources, *, auth: bool) -> tuple[str, ...]:
    """The first creations and a list, to paste into a shell."""
    key = "-H 'X-API-Key: change-me' " if auth else ""
    lines = []
    for r in resources:
        body = json.dumps(examples.body(resources, r, 1), ensure_ascii=False).replace("'", "'\\''")
        lines.append(f"curl {key}-H 'Content-Type: application/json' localhost:{PORT}/{r.path} \\\n  -d '{body}'")
    first = resources.items[0].path
    return (*lines, f"curl {key}'localhost:{PORT}/{first}?limit=10'")


def _tasks(resources: Resources) -> tuple[Task, ...]:
    """Every entity is a task of its own, after the entities that it refers to."""
    placed: list[str] = []
    entity_tasks = []
    for r in resources:
        parents = sorted({f"code-{resources.of(c.target or '').kebab}" for c in r.refs if c.target in placed})
        instructions = f"Fields, rules and service of {wording.with_article(r.noun)}."
        entity_tasks.append(
            Task(
                id=f"code-{r.kebab}",
                kind="code",
                title=f"{r.noun.capitalize()}: model and service",
                instructions=instructions,
                complexity="medium" if r.decrements else "simple",
                depends_on=("core", *parents),
            )
        )
        placed.append(r.name)
    entities = tuple(t.id for t in entity_tasks)
    return (
        Task(id="config", kind="config", title="Package manifest, compiler and linter settings", complexity="trivial"),
        Task(
            id="core",
            kind="code",
            title="Validation, errors, storage and shared CRUD behaviour",
            complexity="medium",
            depends_on=("config",),
        ),
        *entity_tasks,
        Task(id="app", kind="code", title="Application and server process", depends_on=("core", *entities)),
        Task(id="tests", kind="test", title="HTTP, storage and property tests", depends_on=("app",)),
        Task(id="docs", kind="docs", title="README", complexity="trivial", depends_on=("app",)),
        Task(id="deployment", kind="deployment", title="Container image and CI", depends_on=("app",)),
    )


def _parts(analysis: Analysis, resources: Resources) -> tuple[Part, ...]:
    auth, types = analysis.spec.auth == "api_key", resources.types
    parts = [
        Part("package.json", "config", "package.json.j2", "dependencies and scripts"),
        Part("tsconfig.json", "config", "tsconfig.json.j2", "strict compiler settings"),
        Part("eslint.config.js", "config", "eslint.config.js.j2", "linter settings"),
        Part(".gitignore", "config", "gitignore.j2", "what stays out of the repository"),
        Part("src/errors.ts", "core", "errors.ts.j2", "errors that a client can cause"),
        Part("src/validation.ts", "core", "validation.ts.j2", "JSON to typed records"),
        Part("src/repository.ts", "core", "repository.ts.j2", "repository interface and memory implementation"),
        Part("src/snapshot.ts", "core", "snapshot.ts.j2", "atomic JSON file"),
        Part("src/crud-service.ts", "core", "crud-service.ts.j2", "behaviour of every kind of record"),
        Part("src/crud-router.ts", "core", "crud-router.ts.j2", "HTTP of every kind of record"),
        Part("src/problem.ts", "core", "problem.ts.j2", "errors as problem+json"),
        Part("src/config.ts", "core", "config.ts.j2", "settings from the environment"),
    ]
    if "decimal" in types:
        parts.append(Part("src/money.ts", "core", "money.ts.j2", "money in whole cents"))
    if auth:
        parts.append(Part("src/auth.ts", "core", "auth.ts.j2", "API key"))
    for view in _views(resources):
        task, folder = f"code-{view.kebab}", f"src/{view.kebab}"
        parts += [
            Part(f"{folder}/model.ts", task, "model.ts.j2", f"fields of {view.a_noun}", {"r": view}),
            Part(f"{folder}/service.ts", task, "service.ts.j2", f"rules of {view.a_noun}", {"r": view}),
        ]
    parts += [
        Part("src/store.ts", "app", "store.ts.j2", "all repositories and their transactions"),
        Part("src/app.ts", "app", "app.ts.j2", "the API as an Express application"),
        Part("src/server.ts", "app", "server.ts.j2", "the process: listen and shut down"),
        Part("tests/support.ts", "tests", "tests_support.ts.j2", "a running API and its client"),
        Part("tests/fixtures.ts", "tests", "tests_fixtures.ts.j2", "valid records"),
        Part("tests/http.test.ts", "tests", "tests_http.ts.j2", "protocol behaviour"),
        Part("tests/store.test.ts", "tests", "tests_store.ts.j2", "persistence and transactions"),
        Part("tests/validation.test.ts", "tests", "tests_validation.ts.j2", "properties of the parsers"),
    ]
    for view in _views(resources):
        path = f"tests/{view.kebab}.api.test.ts"
        parts.append(Part(path, "tests", "tests_entity.ts.j2", f"{view.noun} over HTTP", {"r": view}))
        for d in view.decrements:
            path = f"tests/{view.kebab}.{d.target_kebab}-{d.field.replace('_', '-')}.test.ts"
            parts.append(Part(path, "tests", "tests_rule.ts.j2", "the rule, also concurrently", {"r": view, "d": d}))
    parts += [
        Part("README.md", "docs", "README.md.j2", "how to run, use and test"),
        Part("Dockerfile", "deployment", "Dockerfile.j2", "multi-stage image, unprivileged user"),
        Part(".dockerignore", "deployment", "dockerignore.j2", "what stays out of the image"),
        Part(".github/workflows/ci.yml", "deployment", "ci.yml.j2", "build, test, lint and image"),
    ]
    return tuple(parts)


def _names(views: tuple[TsResource, ...], *, auth: bool) -> tuple[PublicName, ...]:
    options = "{ store, apiKey }: AppOptions" if auth else "{ store }: AppOptions"
    names = [
        PublicName(file="src/app.ts", name="createApp", signature=f"createApp({options}): Express"),
        PublicName(file="src/store.ts", name="Store", kind="class", signature="new Store(file?: SnapshotFile)"),
        PublicName(file="src/snapshot.ts", name="SnapshotFile", kind="class"),
        PublicName(file="src/repository.ts", name="Repository", kind="type"),
        PublicName(file="src/crud-service.ts", name="CrudService", kind="class"),
        PublicName(file="src/crud-router.ts", name="crudRouter"),
        PublicName(file="src/validation.ts", name="readObject"),
        PublicName(file="src/errors.ts", name="ApiError", kind="class"),
        PublicName(file="src/config.ts", name="readConfig"),
    ]
    for view in views:
        folder = f"src/{view.kebab}"
        names += [
            PublicName(file=f"{folder}/model.ts", name=view.fields, kind="type"),
            PublicName(file=f"{folder}/model.ts", name=view.shape, kind="constant"),
            PublicName(
                file=f"{folder}/service.ts",
                name=view.service,
                kind="class",
                signature=f"new {view.service}(store: Store)",
            ),
        ]
    return tuple(names)
