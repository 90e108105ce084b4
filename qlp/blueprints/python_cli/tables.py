"""The request's entities as tables: columns with types, relations as foreign keys, static SQL.

Shared by the command-line and the pipeline blueprint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter

from qlp.models import Entity, ProjectSpec

NUMBERS = frozenset({"int", "decimal", "float"})
_STORAGE = {"int": "INTEGER", "decimal": "INTEGER", "bool": "INTEGER", "float": "REAL"}
_RESERVED_OPTIONS = frozenset({"help", "db", "json", "version", "sort", "desc", "limit", "since", "until", "clear"})


@dataclass(frozen=True)
class Column:
    name: str
    kind: str
    required: bool = True
    unique: bool = False
    minimum: str | None = None
    """A number in Decimal's notation."""
    choices: tuple[str, ...] = ()
    references: str | None = None
    """Name of the table that this column points to."""

    @property
    def option(self) -> str:
        """`--due-date`; names that every command already uses get a suffix."""
        flag = self.name.replace("_", "-")
        return f"--{flag}-value" if flag in _RESERVED_OPTIONS or flag.startswith("no-") else f"--{flag}"

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS and self.references is None


@dataclass(frozen=True)
class Table:
    name: str
    """snake_case singular."""
    plural: str
    columns: tuple[Column, ...]

    @property
    def constant(self) -> str:
        return self.name.upper()

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")

    @property
    def lead(self) -> Column | None:
        """The column that may be given without its option: the first, if it is a required short text."""
        first = self.columns[0]
        return first if first.kind in ("str", "text") and first.required and not first.choices else None

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)

    def first(self, *kinds: str) -> Column | None:
        return next((c for c in self.columns if c.kind in kinds and c.references is None), None)

    # SQL is written out at generation time: the project never builds a statement at run time.
    @property
    def sql_create(self) -> str:
        lines = ['    "id" INTEGER PRIMARY KEY AUTOINCREMENT']
        for c in self.columns:
            line = f'    "{c.name}" {_STORAGE.get(c.kind, "TEXT")}'
            line += " NOT NULL" if c.required else ""
            line += " UNIQUE" if c.unique else ""
            line += f' REFERENCES "{c.references}" ("id")' if c.references else ""
            lines.append(line)
        return f'CREATE TABLE IF NOT EXISTS "{self.plural}" (\n' + ",\n".join(lines) + "\n) STRICT"

    @property
    def sql_insert(self) -> str:
        names = ["id", *(c.name for c in self.columns)]
        columns = ",\n    ".join(f'"{n}"' for n in names)
        values = ",\n    ".join(f":{n}" for n in names)
        return f'INSERT INTO "{self.plural}" (\n    {columns}\n) VALUES (\n    {values}\n)'

    @property
    def sql_update(self) -> str:
        pairs = ",\n    ".join(f'"{c.name}" = :{c.name}' for c in self.columns)
        return f'UPDATE "{self.plural}" SET\n    {pairs}\nWHERE "id" = :id'

    @property
    def sql_select(self) -> str:
        columns = ",\n    ".join(f'"{n}"' for n in ["id", *(c.name for c in self.columns)])
        return f'SELECT\n    {columns}\nFROM "{self.plural}"'


@dataclass(frozen=True)
class Take:
    """Adding a `source` takes its quantity from `field` of the row that it points to."""

    source: str
    target: str
    target_table: str
    reference: str
    quantity: str
    field: str

    @property
    def sql(self) -> str:
        return (
            f'UPDATE "{self.target_table}"\n'
            f'SET "{self.field}" = "{self.field}" - :quantity\n'
            f'WHERE "id" = :id AND "{self.field}" >= :quantity'
        )


class UnservableModel(ValueError):
    """The entities contradict themselves; the message says how."""


def identifier(name: str) -> str:
    """snake_case and never empty."""
    plain = re.sub(r"\W+", "_", name.strip().lower(), flags=re.ASCII).strip("_")
    return f"n_{plain}" if not plain or plain[0].isdigit() else plain


def columns_of(entity: Entity, plurals: dict[str, str], *, keep_id: bool = False) -> tuple[Column, ...]:
    columns: dict[str, Column] = {}
    for f in entity.fields:
        name = identifier(f.name)
        if name == "id" and not keep_id:
            continue
        columns[name] = Column(
            name=name,
            kind=f.type,
            # False is a value of its own: a flag is never missing, only off.
            required=f.required or f.type == "bool",
            unique=f.unique,
            minimum=None if f.minimum is None else format(Decimal(str(f.minimum)).normalize(), "f"),
            choices=f.choices if f.type in ("str", "text") else (),
        )
    for r in entity.relations:
        if r.target not in plurals:
            raise UnservableModel(f"{entity.name} refers to {r.target}, which the request does not describe")
        name = f"{identifier(_snake(r.target))}_id"
        required = r.required and r.target != entity.name
        columns[name] = Column(name=name, kind="int", required=required, minimum="1", references=plurals[r.target])
    return tuple(columns.values())


def tables_of(spec: ProjectSpec) -> tuple[Table, ...]:
    """Parents before children. Raises UnservableModel for circular or dangling relations and for empty entities."""
    plurals = {e.name: identifier(e.plural) for e in spec.entities}
    graph = {e.name: {r.target for r in e.relations if r.target != e.name} for e in spec.entities}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise UnservableModel(f"circular relations: {' -> '.join(error.args[1])}") from error
    by_name = {e.name: e for e in spec.entities}
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 1 + max((depth[p] for p in graph.get(name, ())), default=-1)
    entities = sorted(by_name.values(), key=lambda e: depth[e.name])
    tables = []
    for entity in entities:
        columns = columns_of(entity, plurals)
        if not columns:
            raise UnservableModel(f"{entity.name} has no fields")
        tables.append(Table(name=identifier(entity.snake), plural=plurals[entity.name], columns=columns))
    if len({t.plural for t in tables}) != len(tables) or len({t.name for t in tables}) != len(tables):
        raise UnservableModel("two entities have the same name")
    return tuple(tables)


def takes_of(spec: ProjectSpec, tables: tuple[Table, ...]) -> tuple[tuple[Table, ...], tuple[Take, ...]]:
    """The decrement rules, and the tables with a quantity of at least one. Raises UnservableModel."""
    named = {t.name: t for t in tables}
    snake = {e.name: identifier(e.snake) for e in spec.entities}
    takes = []
    for rule in spec.rules:
        source, target = named.get(snake.get(rule.source, "")), named.get(snake.get(rule.target, ""))
        if source is None or target is None:
            raise UnservableModel(f"the rule of {rule.source} and {rule.target} names an unknown entity")
        reference = next((c for c in source.columns if c.references == target.plural), None)
        level = target.column(identifier(rule.field))
        if reference is None or level is None or level.kind != "int":
            raise UnservableModel(f"{rule.source} cannot reduce {rule.target}.{rule.field}")
        quantity = Column(name=identifier(rule.quantity_field), kind="int", minimum="1")
        kept = tuple(quantity if c.name == quantity.name else c for c in source.columns)
        columns = kept if source.column(quantity.name) else (*kept, quantity)
        required = tuple(replace(c, required=True) if c.name == reference.name else c for c in columns)
        named[source.name] = replace(source, columns=required)
        named[target.name] = replace(
            target,
            columns=tuple(
                replace(c, required=True, minimum=c.minimum or "0") if c.name == level.name else c
                for c in target.columns
            ),
        )
        takes.append(Take(source.name, target.name, target.plural, reference.name, quantity.name, level.name))
    return tuple(named[t.name] for t in tables), tuple(takes)


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))
