"""The blueprint `fastapi-crud`."""

from __future__ import annotations

import json

from qlp.blueprints.fastapi_crud import layout, lines, scoring, views
from qlp.blueprints.fastapi_crud.views import EntityView, ProjectView
from qlp.blueprints.protocol import Match
from qlp.blueprints.rendering import render
from qlp.models import Analysis, InterfaceContract, Plan, SourceFile

_NOTES = (
    "Lists are pages: items, total, limit, offset. PUT replaces a record. Unknown ids and unknown parents answer 404, "
    "values that are taken, parents in use and a stock that is too small answer 409, invalid input 422, always as "
    "application/problem+json. Money is exact: strings in JSON, cents in SQLite. Every change is one transaction."
)


class FastApiCrud:
    """REST APIs in Python with FastAPI and SQLite."""

    name = "fastapi-crud"
    version = "1"
    title = "REST API in Python (FastAPI, SQLite): records, relations, stock rules, API key"
    example = (
        "Build a REST API for a bookstore: books with title, author, price and stock, and orders that reduce the stock"
    )

    def match(self, analysis: Analysis) -> Match:
        """1.0 for a REST API in Python whose every wish is understood; below 0.75 for anything else."""
        return scoring.match(self.name, analysis)

    def plan(self, analysis: Analysis) -> Plan:
        """Seven tasks; the contract lists every file, the names that cross files, and a smoke script of routes."""
        project = views.view(analysis.spec)
        return Plan(
            generator=f"blueprint:{self.name}@{self.version}",
            tasks=layout.TASKS,
            contract=InterfaceContract(
                project=analysis.spec.name,
                kind="rest_api",
                language="python",
                framework="fastapi",
                files=layout.contract_files(project),
                names=layout.names(project),
                routes=layout.routes(project),
                commands=layout.commands(project),
                port=8000,
                health="/health",
                notes=_NOTES,
            ),
            assumptions=analysis.assumptions,
        )

    def render(self, analysis: Analysis, plan: Plan, task_id: str) -> tuple[SourceFile, ...]:
        """Exactly the files that the contract gives to this task."""
        project = views.view(analysis.spec)
        return tuple(
            SourceFile(path=planned.path, content=_content(project, planned))
            for planned in layout.files(project)
            if planned.task == task_id
        )


def _content(project: ProjectView, planned: layout.Planned) -> str:
    return render(__package__, planned.template, **_context(project, planned))


def _context(project: ProjectView, planned: layout.Planned) -> dict[str, object]:
    context: dict[str, object] = {
        "project": project,
        "planned": planned,
        "summary": _docstring(project.spec.summary),
        "description": json.dumps(_plain(project.spec.summary)),
        "readme_summary": _markdown(project.spec.summary),
        "types": project.types,
        "types_all": project.types,
        "stringy": bool(project.types & _STRINGS),
        "pydantic_names": _pydantic_names(project.types),
        "fit": lines.fit,
        "imports": lines.imports,
        "route": lines.route,
        "suffix": lines.suffix,
        "pairs": lines.pairs,
        "keywords": lines.keywords,
        "has_parents": any(e.parents for e in project.entities),
        "example": _example(project),
        "surrogate_field": _text_field(project),
        "uses_text": _uses(project, "str", "text"),
        "uses_email": _uses(project, "email"),
        "uses_url": _uses(project, "url"),
        "uses_choices": any(f.spec.choices for e in project.roots for f in e.fields),
        "counts": any(e.counted_bodies for e in project.entities),
        "uses_days": any(
            f.type in {"date", "datetime"} and f.varied != lines.literal(f.sample())
            for e in project.entities
            for f in e.unique
        ),
        "examples": max(5, 50 // max(2, len(project.roots))),
        "block": lines.block,
        "router_imports": [
            lines.imports(f"app.routers.{e.snake}", [f"router as {e.snake}_router"]) for e in project.entities
        ],
        "property_imports": _property_imports(project),
        "uses_utc": _uses(project, "datetime"),
    }
    if planned.entity is not None:
        context |= _entity_context(project, planned.entity)
    return context


_STRINGS = frozenset({"str", "text", "email", "url"})


def _pydantic_names(types: frozenset[str]) -> list[str]:
    """What fields.py imports from pydantic."""
    names = ["Field"]
    if types & (_STRINGS | {"datetime"}):
        names.append("AfterValidator")
    if types & _STRINGS:
        names.append("StringConstraints")
    if "url" in types:
        names += ["HttpUrl", "TypeAdapter"]
    return names


def _entity_context(project: ProjectView, entity: EntityView) -> dict[str, object]:
    optional = [p.column for p in entity.parents if not p.required]
    required = [f.name for f in entity.fields if f.spec.required] + [p.column for p in entity.required_parents]
    return {
        "entity": entity,
        "extra": "".join(f', "{column}": None' for column in optional),
        "wrong": [(f.name, value) for f in entity.fields for value in f.invalid],
        "required": [f'"body.{name}"' for name in required],
        "optional": [f'"{f.name}"' for f in entity.fields if not f.spec.required],
        "fixed": "{" + ", ".join(f'"{name}"' for name in sorted(entity.fixed)) + "}",
        "rule": entity.rule,
        "target": project.entity(entity.rule.target.name) if entity.rule else None,
    }


def _uses(project: ProjectView, *types: str) -> bool:
    """Whether a root has a field of one of these types, without choices."""
    return any(f.type in types and not f.spec.choices for e in project.roots for f in e.fields)


def _property_imports(project: ProjectView) -> list[str]:
    found = ["from app.database import Database"]
    for entity in project.roots:
        found.append(lines.imports(f"app.repositories.{entity.snake}", [f"{entity.name}Repository"]))
        schemas = [f"{entity.name}Input", *(f.alias for f in entity.chosen)]
        found.append(lines.imports(f"app.schemas.{entity.snake}", schemas))
    return found


def _text_field(project: ProjectView) -> str:
    """A field of the first thing that takes text, for the test with text that cannot be stored."""
    fields = project.entities[0].fields
    return next((f.name for f in fields if f.type in {"str", "text"} and not f.spec.choices), "id")


def _example(project: ProjectView) -> list[str]:
    """Shell lines that create the first records."""
    key = " -H 'X-API-Key: change-me'" if project.auth else ""
    shell = []
    for entity in project.entities[:3]:
        body = json.dumps(entity.body()).replace("'", "")
        shell.append(f"curl -s{key} -H 'Content-Type: application/json' http://127.0.0.1:8000{entity.path} -d '{body}'")
    shell.append(f"curl -s{key} http://127.0.0.1:8000{project.entities[0].path}")
    return shell


def _plain(text: str) -> str:
    """Printable ASCII or letters on one line: safe in a string, a docstring, TOML and Markdown."""
    kept = "".join(c for c in " ".join(text.split()) if c.isprintable() and c not in '"\\`<>{}[]|#*_$')
    return kept.strip() or "A REST API"


def _docstring(text: str) -> str:
    return _plain(text).rstrip(".!?… ") or "A REST API"


def _markdown(text: str) -> str:
    return _docstring(text) + "."
