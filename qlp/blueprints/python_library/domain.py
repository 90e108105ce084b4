"""Domain models: what the templates need to know of each entity."""

from __future__ import annotations

import keyword
from dataclasses import dataclass

from qlp.blueprints.python_cli.samples import sample_rows
from qlp.blueprints.python_cli.tables import Column, Table, Take, UnservableModel, tables_of, takes_of
from qlp.blueprints.python_library.layout import import_line
from qlp.models import ProjectSpec

_TYPES = {"int": "int", "decimal": "Decimal", "float": "float", "bool": "bool", "date": "dt.date"}
_TYPES["datetime"] = "dt.datetime"
_METHODS = frozenset({"to_dict", "from_dict", "RULES", "UNIQUE", "id"})
_VERBS = ("add", "get", "update", "remove")
API = frozenset({"find", "sort", "query", "to_json", "from_json", "to_dict", "from_dict", "save", "load", "list"})
# Libraries that compute something beyond keeping records are not served by a domain model.
UNSERVED = {
    "parser": "parsing",
    "parsing": "parsing",
    "matrix": "matrices",
    "matrices": "matrices",
    "statistics": "statistics",
    "regression": "regression",
    "simulation": "simulation",
    "scheduler": "scheduling",
    "pathfinding": "path finding",
    "encryption": "encryption",
    "compression": "compression",
    "markdown": "Markdown",
    "tokenizer": "tokenising",
    "async": "asynchronous code",
    "database": "a database",
    "sqlite": "SQLite",
    "sqlalchemy": "SQLAlchemy",
    "pydantic": "pydantic",
}


def attribute(name: str) -> str:
    """A field's name in Python: keywords and the record's own methods get an underscore."""
    return f"{name}_" if keyword.iskeyword(name) or name in _METHODS else name


@dataclass(frozen=True)
class _Field:
    """A column as Python sees it."""

    attribute: str
    kind: str
    type: str
    required: bool
    minimum: str | None
    choices: tuple[str, ...]
    references: str | None


def _literal(column: Column, text: str) -> str:
    match column.kind:
        case "int":
            return text
        case "decimal":
            return f'Decimal("{text}")'
        case "float":
            return str(float(text))
        case "bool":
            return "True" if text == "true" else "False"
        case "date":
            year, month, day = (int(p) for p in text.split("-"))
            return f"dt.date({year}, {month}, {day})"
        case "datetime":
            return f'dt.datetime.fromisoformat("{text}")'
    return f'"{text}"'


def _fresh(column: Column) -> str:
    values = {
        "int": "10**6",
        "email": '"fresh@example.org"',
        "url": '"https://example.org/fresh"',
        "uuid": '"ffffffff-6a3f-4a53-9d5e-0f6b0a3c1d11"',
    }
    if column.kind not in (*values, "str", "text") or column.choices:
        raise UnservableModel(f"a unique {column.kind} in a record that takes from another")
    value = values.get(column.kind, '"fresh"')
    return f", {attribute(column.name)}={value}"


def domain_model(spec: ProjectSpec) -> tuple[tuple[Table, ...], tuple[Take, ...]]:
    """Raises UnservableModel."""
    tables, takes = takes_of(spec, tables_of(spec))
    for table in tables:
        if any(c.references == table.plural for c in table.columns):
            raise UnservableModel(f"{table.label} refers to itself")
    if len({k.source for k in takes}) != len(takes):
        raise UnservableModel("two rules for the same record")
    return tables, takes


def functions_missing(asked: tuple[str, ...], tables: tuple[Table, ...]) -> list[str]:
    """Functions that no method serves: `add_book` is one, `borrow_book` is none."""
    known = {f"{verb}_{t.name}" for verb in _VERBS for t in tables} | API | set(_VERBS)
    return [f"function {name}" for name in asked if name.replace("-", "_") not in known]


def domain_context(spec: ProjectSpec, package: str) -> dict[str, object]:
    """Everything that the templates of `domain/` use."""
    tables, takes = domain_model(spec)
    classes = {t.name: "".join(part.capitalize() for part in t.name.split("_")) for t in tables}
    described = [_described(t, tables, takes, classes) for t in tables]
    used = sorted(classes.values())
    conflict = bool(takes) or any(d["children"] for d in described)
    errors = ["InvalidValue", *(["Conflict"] if conflict else [])]
    columns = [c for t in tables for c in t.columns]
    decimal = any(c.kind == "decimal" for c in columns)
    dates = any(c.kind in ("date", "datetime") for c in columns)
    return {
        "tables": described,
        "dates": dates,
        "uses_decimal": decimal or any(c.minimum is not None for c in columns),
        "takes_any": bool(takes),
        "init_lines": [
            import_line(f"{package}.errors", ["Conflict", "InvalidValue", "ModelError", "NotFound"]),
            import_line(f"{package}.models", used),
            import_line(f"{package}.record", ["Record", "Rule"]),
            import_line(f"{package}.repository", ["Repository"]),
            import_line(f"{package}.store", ["Store"]),
        ],
        "exports": sorted(
            ["Conflict", "InvalidValue", "ModelError", "NotFound", "Record", "Rule", "Repository", "Store", *used]
        ),
        "store_lines": [
            import_line(f"{package}.errors", errors),
            import_line(f"{package}.models", used),
            import_line(f"{package}.repository", ["Repository"]),
        ],
        "decimal_values": decimal,
        "demo_lines": [import_line(f"{package}.models", used), import_line(f"{package}.store", ["Store"])],
        "test_lines": [
            import_line(f"{package}.errors", ["InvalidValue"]),
            import_line(f"{package}.models", used),
            import_line(f"{package}.record", ["Record", "Rule", "check"]),
        ],
        "store_test_lines": [
            import_line(f"{package}.demo", ["demo", "fill"]),
            import_line(f"{package}.errors", ["Conflict", "InvalidValue", "NotFound"]),
            import_line(f"{package}.models", used),
            import_line(f"{package}.store", ["Store"]),
        ],
    }


def _described(
    table: Table, tables: tuple[Table, ...], takes: tuple[Take, ...], classes: dict[str, str]
) -> dict[str, object]:
    mine = [k for k in takes if k.source == table.name]
    levels = {k.field for k in takes if k.target == table.name}
    small = frozenset(k.quantity for k in mine)
    rows = sample_rows(table, small=small)
    for index, row in enumerate(rows):
        row.update({level: str(12 + index) for level in levels})
    literal = [[(attribute(c.name), _literal(c, row[c.name])) for c in table.columns] for row in rows]
    return {
        "name": table.name,
        "var": attribute(table.name),
        "plural": table.plural,
        "label": table.label,
        "cls": classes[table.name],
        "article": "An" if table.label[0] in "aeio" else "A",
        "columns": [
            _Field(attribute(c.name), c.kind, _TYPES.get(c.kind, "str"), c.required, c.minimum, c.choices, c.references)
            for c in table.columns
        ],
        "unique": [attribute(c.name) for c in table.columns if c.unique],
        "children": [(t.plural, attribute(c.name)) for t in tables for c in t.columns if c.references == table.plural],
        "takes": [_take(k, table, tables) for k in mine],
        "rows": literal,
        "example": literal[0],
    }


def _take(take: Take, table: Table, tables: tuple[Table, ...]) -> dict[str, str]:
    target = next(t for t in tables if t.name == take.target)
    level = attribute(take.field)
    variable = f"{take.target}_" if keyword.iskeyword(take.target) else take.target
    return {
        "target": variable,
        "target_label": target.label,
        "target_table": take.target_table,
        "reference": take.reference,
        "quantity": take.quantity,
        "field": take.field,
        "reference_attribute": attribute(take.reference),
        "quantity_attribute": attribute(take.quantity),
        "level_attribute": level,
        "message": f'f"{target.label} {{{variable}.id}} has {take.field} {{{variable}.{level}}}"',
        "fresh": "".join(_fresh(c) for c in table.columns if c.unique),
    }
