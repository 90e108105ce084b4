"""A REST specification made ready for a code generator, whatever the language.

`normalise` adds what a rule or relation implies (a foreign key, a quantity), orders the entities parents first,
and says what cannot be served. Templates then need no special cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil, floor
from typing import Literal

from qlp.models import Entity, FieldSpec, FieldType, ProjectSpec, Rule

ColumnType = FieldType | Literal["ref"]

_ENTITY_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,60}")
_SNAKE_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_PROJECT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,100}")
_TAKEN_PATHS = frozenset({"health"})
_NUMERIC: frozenset[str] = frozenset({"int", "decimal", "float"})
_LARGEST_LIMIT = 10**9
_UNIQUE_VALUES = 1000
"""A range with fewer values is too small for unique ones: examples and tests would run out of them."""
_COUNTABLE: frozenset[str] = frozenset({"int", "decimal"})
"""Types that a decrement can keep exact."""


@dataclass(frozen=True)
class Column:
    """One attribute as it is stored; `ref` is the id of another record."""

    name: str
    type: ColumnType
    required: bool = True
    unique: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[str, ...] = ()
    target: str | None = None
    """Entity name that a `ref` points at."""

    @property
    def scale(self) -> int:
        """Stored units per one: money is kept in cents."""
        return 100 if self.type == "decimal" else 1

    @property
    def least(self) -> Decimal | None:
        """`minimum` in stored units; a whole number, rounded inwards, unless the column is a float."""
        scaled = None if self.minimum is None else self.minimum * self.scale
        return scaled if scaled is None or self.type == "float" else Decimal(ceil(scaled))

    @property
    def most(self) -> Decimal | None:
        """`maximum`, like `least`."""
        scaled = None if self.maximum is None else self.maximum * self.scale
        return scaled if scaled is None or self.type == "float" else Decimal(floor(scaled))

    @property
    def words(self) -> str:
        return self.name.replace("_", " ").strip()


@dataclass(frozen=True)
class Decrement:
    """Saving a record takes `quantity` out of `field` of the `target` that `reference` names."""

    target: str
    field: str
    quantity: str
    reference: str
    type: Literal["int", "decimal"]
    floor: Decimal
    """`field` never falls below this: its own minimum, at least zero."""
    least: Decimal
    """Smallest quantity, above zero."""
    per_record: int
    """How many times `least` one record may take, at most 6: what the generated tests try."""
    stock: int
    """How many times `least` the target may hold above `floor`, at most 100."""


@dataclass(frozen=True)
class Child:
    """A column of another entity that points here."""

    entity: str
    column: str


@dataclass(frozen=True)
class Resource:
    """One entity with everything a template asks about it."""

    name: str
    snake: str
    plural: str
    columns: tuple[Column, ...]
    decrements: tuple[Decrement, ...] = ()
    children: tuple[Child, ...] = ()

    @property
    def kebab(self) -> str:
        return self.snake.replace("_", "-")

    @property
    def path(self) -> str:
        """`order-lines`, without the slash."""
        return self.plural.replace("_", "-")

    @property
    def noun(self) -> str:
        """`order line`, as messages call it."""
        return self.snake.replace("_", " ")

    @property
    def refs(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.type == "ref")

    @property
    def uniques(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.unique)

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


@dataclass(frozen=True)
class Resources:
    """Entities in an order in which required parents come first; `problems` empty means that all can be served."""

    items: tuple[Resource, ...]
    problems: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.items)

    def of(self, name: str) -> Resource:
        return next(r for r in self.items if r.name == name)

    @property
    def types(self) -> frozenset[str]:
        """Column types in use; a text with choices counts as `choice`."""
        return frozenset("choice" if c.choices else c.type for r in self.items for c in r.columns)


def normalise(spec: ProjectSpec) -> Resources:
    """Pure; never raises. With problems the items are empty."""
    problems = list(_name_problems(spec))
    if problems:
        return Resources((), tuple(problems))
    assumptions: list[str] = []
    columns = {e.name: _columns(e, assumptions) for e in spec.entities}
    decrements: dict[str, list[Decrement]] = {e.name: [] for e in spec.entities}
    for rule in dict.fromkeys(spec.rules):
        problem = _rule_problem(rule, columns)
        if problem is None:
            snake = {e.name: e.snake for e in spec.entities}
            decrement = _apply_rule(rule, snake[rule.target], columns, assumptions)
            if decrement.stock < 1 or decrement.per_record < 1:
                problems.append(f"rule: {rule.source} lowers {rule.target}.{rule.field} (the limits leave no room)")
            elif any((d.target, d.field) == (rule.target, rule.field) for d in decrements[rule.source]):
                problems.append(f"two rules: {rule.source} lowers {rule.target}.{rule.field}")
            else:
                decrements[rule.source].append(decrement)
        else:
            problems.append(problem)
    problems.extend(p for name, cs in columns.items() for p in _column_problems(name, cs, decrements))
    order = _parents_first(columns)
    if len(order) < len(columns):
        stuck = ", ".join(sorted(set(columns) - set(order)))
        problems.append(f"relations that require each other in a circle ({stuck})")
    if problems:
        return Resources((), tuple(dict.fromkeys(problems)), tuple(assumptions))
    entities = {e.name: e for e in spec.entities}
    items = tuple(
        Resource(
            name=name,
            snake=entities[name].snake,
            plural=entities[name].plural,
            columns=tuple(columns[name].values()),
            decrements=tuple(decrements[name]),
            children=tuple(
                Child(other, c.name) for other in order for c in columns[other].values() if c.target == name
            ),
        )
        for name in order
    )
    return Resources(items, (), tuple(dict.fromkeys(assumptions)))


def _name_problems(spec: ProjectSpec) -> Iterator[str]:
    if not _PROJECT_NAME.fullmatch(spec.name):
        yield f"project name {spec.name!r}"
    if not spec.entities:
        yield "at least one entity to store"
    names = [e.name for e in spec.entities]
    known = set(names)
    for kind, values in (("entity", names), ("path", [e.plural for e in spec.entities])):
        lowered = [v.lower().replace("_", "") for v in values]
        for value in {v for v, low in zip(values, lowered, strict=True) if lowered.count(low) > 1}:
            yield f"two entities with the {kind} {value!r}"
    for entity in spec.entities:
        if not _ENTITY_NAME.fullmatch(entity.name):
            yield f"entity name {entity.name!r}"
        if not _SNAKE_NAME.fullmatch(entity.plural) or entity.plural in _TAKEN_PATHS:
            yield f"path {entity.plural!r}"
        field_names = [f.name for f in entity.fields]
        for name in field_names:
            if not _SNAKE_NAME.fullmatch(name):
                yield f"field name {name!r}"
            if field_names.count(name) > 1:
                yield f"two fields {entity.name}.{name}"
        if not entity.relations and not any(name != "id" for name in field_names):
            yield f"a field of {entity.name}"
        for relation in entity.relations:
            if relation.target not in known:
                yield f"{entity.name} belongs to {relation.target}, which is not described"


def _columns(entity: Entity, assumptions: list[str]) -> dict[str, Column]:
    """Foreign keys first, then the fields in the order of the request."""
    columns: dict[str, Column] = {}
    for relation in entity.relations:
        name = f"{Entity(name=relation.target, plural='', fields=()).snake}_id"
        required = relation.required or (name in columns and columns[name].required)
        columns[name] = Column(name, "ref", required=required, target=relation.target)
    for field in entity.fields:
        if field.name == "id":
            assumptions.append(f"{entity.name}.id is assigned by the server.")
        elif field.name in columns:
            assumptions.append(f"{entity.name}.{field.name} is the id of a {columns[field.name].target}.")
        else:
            columns[field.name] = _column(field)
    return columns


def _column(field: FieldSpec) -> Column:
    limited = field.type in _NUMERIC
    return Column(
        name=field.name,
        type=field.type,
        required=field.required,
        unique=field.unique,
        minimum=Decimal(str(field.minimum)) if limited and field.minimum is not None else None,
        maximum=Decimal(str(field.maximum)) if limited and field.maximum is not None else None,
        choices=tuple(dict.fromkeys(field.choices)),
    )


def _column_problems(name: str, columns: dict[str, Column], decrements: dict[str, list[Decrement]]) -> Iterator[str]:
    quantities = {d.quantity for d in decrements[name]}
    for column in columns.values():
        label = f"{name}.{column.name}"
        if column.choices and column.type not in ("str", "text"):
            yield f"choices of {label}, which is no text"
        if column.choices and not all(c.strip() and c.isprintable() for c in column.choices):
            yield f"a choice of {label} that cannot be printed"
        if column.unique and (column.choices or column.type == "bool" or column.name in quantities):
            yield f"unique values for {label}"
        if any(abs(limit) > _LARGEST_LIMIT for limit in (column.minimum, column.maximum) if limit is not None):
            yield f"limits of {label} beyond {_LARGEST_LIMIT}"
        if column.least is not None and column.most is not None:
            if column.least > column.most:
                yield f"values of {label} between {column.minimum} and {column.maximum}"
            elif column.unique and column.most - column.least < _UNIQUE_VALUES * column.scale:
                yield f"unique values for {label} between {column.minimum} and {column.maximum}"


def _rule_problem(rule: Rule, columns: dict[str, dict[str, Column]]) -> str | None:
    label = f"rule: {rule.source} lowers {rule.target}.{rule.field}"
    if rule.source not in columns or rule.target not in columns:
        return f"{label} (not described)"
    if rule.source == rule.target:
        return f"{label} (of itself)"
    if not _SNAKE_NAME.fullmatch(rule.field) or not _SNAKE_NAME.fullmatch(rule.quantity_field):
        return f"{label} (name of a field)"
    stock = columns[rule.target].get(rule.field)
    quantity = columns[rule.source].get(rule.quantity_field)
    stock_type = stock.type if stock else (quantity.type if quantity else "int")
    quantity_type = quantity.type if quantity else stock_type
    if stock_type not in _COUNTABLE or quantity_type != stock_type:
        return f"{label} (both must be whole numbers, or both money)"
    return None


def _apply_rule(rule: Rule, target: str, columns: dict[str, dict[str, Column]], assumptions: list[str]) -> Decrement:
    """Adds what the rule implies: the reference, a positive quantity, a stock that is never negative."""
    source = columns[rule.source]
    stock, quantity = columns[rule.target].get(rule.field), source.get(rule.quantity_field)
    kind: Literal["int", "decimal"] = "decimal" if (stock or quantity or Column("", "int")).type == "decimal" else "int"
    reference = next((c.name for c in source.values() if c.target == rule.target), f"{target}_id")
    if reference not in source or not source[reference].required or source[reference].type != "ref":
        assumptions.append(f"Every {rule.source} names its {rule.target} ({reference}).")
        columns[rule.source] = {reference: Column(reference, "ref", target=rule.target)} | {
            n: c for n, c in source.items() if n != reference
        }
        source = columns[rule.source]
    least = Decimal("0.01") if kind == "decimal" else Decimal(1)
    wanted = quantity or Column(rule.quantity_field, kind)
    source[rule.quantity_field] = replace(wanted, required=True, minimum=max(wanted.minimum or least, least))
    if quantity is None or quantity.minimum is None or quantity.minimum < least or not quantity.required:
        assumptions.append(f"{rule.source}.{rule.quantity_field} is required and positive.")
    kept = stock or Column(rule.field, kind)
    columns[rule.target][rule.field] = replace(kept, required=True, minimum=max(kept.minimum or Decimal(0), Decimal(0)))
    if stock is None or stock.minimum is None or stock.minimum < 0 or not stock.required:
        assumptions.append(f"{rule.target}.{rule.field} is required and never negative.")
    held, taken = columns[rule.target][rule.field], source[rule.quantity_field]
    floor_, unit = (held.least or Decimal(0)) / held.scale, (taken.least or least * taken.scale) / taken.scale
    return Decrement(
        target=rule.target,
        field=rule.field,
        quantity=rule.quantity_field,
        reference=reference,
        type=kind,
        floor=floor_,
        least=unit,
        per_record=6 if taken.maximum is None else min(6, int(taken.maximum // unit)),
        stock=100 if held.maximum is None else min(100, int((held.maximum - floor_) // unit)),
    )


def _parents_first(columns: dict[str, dict[str, Column]]) -> list[str]:
    """Entities so that required parents precede their children; optional ones too where possible."""
    order: list[str] = []
    waiting = list(columns)
    while waiting:
        chosen = _next(waiting, columns, order, every=True) or _next(waiting, columns, order, every=False)
        if chosen is None:
            break
        order.append(chosen)
        waiting.remove(chosen)
    return order


def _next(waiting: list[str], columns: dict[str, dict[str, Column]], placed: list[str], *, every: bool) -> str | None:
    def ready(name: str) -> bool:
        refs = (c for c in columns[name].values() if c.type == "ref")
        return all(c.target in placed or (not c.required and (c.target == name or not every)) for c in refs)

    return next((name for name in waiting if ready(name)), None)
