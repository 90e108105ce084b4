"""What the templates see of a specification: names, types and lines that are ready to print."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass

from qlp.blueprints.fastapi_crud.samples import Value, invalid, sample
from qlp.models import Entity, FieldSpec, ProjectSpec, Rule

LINE = 100
"""Line length of the generated project."""
MAX_WHOLE = 2**53 - 1

_ANNOTATION = {
    "str": "fields.Line",
    "text": "fields.Text",
    "int": "fields.Whole",
    "decimal": "fields.Money",
    "float": "fields.Real",
    "bool": "fields.Flag",
    "date": "fields.Day",
    "datetime": "fields.Moment",
    "email": "fields.Email",
    "url": "fields.Link",
    "uuid": "fields.Uuid",
}
_SPOKEN = {
    "str": "text, up to 200 characters",
    "text": "long text",
    "int": "whole number",
    "decimal": "amount with two decimals, as a string",
    "float": "number",
    "bool": "true or false",
    "date": "date, `2026-01-31`",
    "datetime": "moment, `2026-01-31T12:00:00Z`",
    "email": "e-mail address",
    "url": "http or https address",
    "uuid": "UUID",
}
_STRATEGY = {
    "bool": "st.booleans()",
    "date": "st.dates()",
    "datetime": "st.datetimes(timezones=st.just(UTC))",
    "email": "EMAIL",
    "url": "WEB_ADDRESS",
    "uuid": "st.uuids()",
    "str": "TEXT",
    "text": "TEXT",
}
_NUMBERS = {"int": "st.integers({})", "decimal": "st.decimals({}, places=2)", "float": "st.floats({})"}
_SQL = {"int": "INTEGER", "decimal": "INTEGER", "float": "REAL", "bool": "INTEGER"}


def literal(value: Value | None) -> str:
    """A Python literal as ruff formats it."""
    return json.dumps(value) if isinstance(value, str) else repr(value)


def fit(head: str, items: Iterable[str], tail: str, indent: int = 0) -> str:
    """`head` + items + `tail` on one line if that fits, else one item a line: the formatter's own choice."""
    listed = list(items)
    line = f"{head}{', '.join(listed)}{tail}"
    if indent + len(line) <= LINE or not listed:
        return line
    pad = " " * (indent + 4)
    return "\n".join([head, *(f"{pad}{item}," for item in listed), " " * indent + tail])


def imports(module: str, names: Iterable[str]) -> str:
    """Import lines in isort's order (constants, classes, functions); `x as y` stands on a line of its own."""
    listed = sorted(names, key=_isort_key)
    plain = [n for n in listed if " as " not in n]
    groups = ([plain] if plain else []) + [[n] for n in listed if " as " in n]
    return "\n".join(_import(module, group) for group in sorted(groups, key=lambda g: _isort_key(g[0])))


def _isort_key(name: str) -> tuple[bool, bool, str]:
    return (not name.isupper(), name[0].islower(), name)


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LINE:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def block(lines: Iterable[str]) -> str:
    """Import lines of one section in isort's order, by module."""
    return "\n".join(sorted(lines, key=lambda line: line.split()[1]))


def route(method: str, path: str, statuses: Iterable[int], status: int = 200) -> str:
    """The decorator of an operation that answers `status`, or problem details with one of `statuses`."""
    errors = ", ".join(f'{each}: {{"model": Problem}}' for each in statuses)
    items = [f'"{path}"']
    if status != 200:
        items.append(f"status_code={status}")
    if errors:
        items.append(f"responses={{{errors}}}")
    return fit(f"@router.{method}(", items, ")")


def suffix(items: Iterable[str], ending: str) -> list[str]:
    return [item + ending for item in items]


def pairs(items: Iterable[str]) -> list[str]:
    return [f'"{item}": {item}' for item in items]


def keywords(items: Iterable[str]) -> list[str]:
    return [f"{item}={item}" for item in items]


def number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


@dataclass(frozen=True)
class FieldView:
    """A stored attribute."""

    spec: FieldSpec
    owner: str
    """Class name of the thing."""
    counted: bool
    """A rule lowers it."""

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def type(self) -> str:
        return self.spec.type

    @property
    def label(self) -> str:
        return self.spec.name.replace("_", " ")

    @property
    def alias(self) -> str:
        """Name of the type of a field with choices: `InvoiceStatus`."""
        return self.owner + "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def alias_line(self) -> str:
        return fit(f"{self.alias} = Literal[", [literal(c) for c in self.spec.choices], "]")

    @property
    def declaration(self) -> str:
        """`price: Annotated[fields.Money, Field(ge=0)]`, wrapped where it is long."""
        ending = "" if self.spec.required else " | None = None"
        if self.spec.choices:
            line = f"{self.name}: {self.alias}{ending}"
            if len(line) <= LINE - 4:
                return line
            kind, default = (self.alias, "") if self.spec.required else (f"{self.alias} | None", " = None")
            return f"{self.name}: (\n        {kind}\n    ){default}"
        bounds = []
        if self.spec.minimum is not None:
            bounds.append(f"ge={number(self.spec.minimum)}")
        if self.spec.maximum is not None:
            bounds.append(f"le={number(self.spec.maximum)}")
        kind = _ANNOTATION[self.spec.type]
        if bounds:
            return fit(f"{self.name}: Annotated[", [kind, f"Field({', '.join(bounds)})"], f"]{ending}", 4)
        return f"{self.name}: {kind}{ending}"

    @property
    def bounded(self) -> bool:
        return not self.spec.choices and (self.spec.minimum is not None or self.spec.maximum is not None)

    @property
    def sql(self) -> str:
        parts = [f'"{self.name}"', _SQL.get(self.spec.type, "TEXT")]
        if self.spec.required:
            parts.append("NOT NULL")
        if self.spec.unique:
            parts.append("COLLATE NOCASE UNIQUE" if self.spec.type == "email" else "UNIQUE")
        if self.spec.choices:
            listed = ", ".join(f"'{c}'" for c in self.spec.choices)
            parts.append(f'CHECK ("{self.name}" IN ({listed}))')
        elif self.spec.minimum is not None:
            scale = 100 if self.spec.type == "decimal" else 1
            parts.append(f'CHECK ("{self.name}" >= {number(self.spec.minimum * scale)})')
        return " ".join(parts)

    def sample(self, index: int = 1) -> Value:
        return sample(self.spec, index, counted=self.counted)

    @property
    def varied(self) -> str:
        """An expression of `number` for test bodies: another value for every number where the field is unique."""
        first = literal(self.sample(1))
        if not self.spec.unique or self.spec.choices or self.spec.type == "bool":
            return first
        match self.spec.type:
            case "int" | "float" | "decimal":
                return self._counting() or first
            case "date":
                return "(date(2026, 1, 1) + timedelta(days=number)).isoformat()"
            case "datetime":
                return 'f"{date(2026, 1, 1) + timedelta(days=number)}T12:00:00Z"'
            case "uuid":
                return 'f"00000000-0000-4000-8000-{number:012d}"'
            case _:
                return "f" + literal(str(self.sample(1)).replace("1", "{number}", 1))

    def _counting(self) -> str:
        """A number that grows with `number` and stays within the limits; empty if there is no room."""
        low = math.ceil(self.spec.minimum or 0)
        value = "number" if not low else f"{low} + number"
        if self.spec.maximum is not None:
            span = math.floor(self.spec.maximum) - low + 1
            if span < 2:
                return ""
            value = f"number % {span}" if not low else f"{low} + number % {span}"
        formats = {"int": value, "float": f"float({value})", "decimal": f'f"{{{value}}}.00"'}
        return formats[self.spec.type]

    @property
    def strategy(self) -> str:
        """A hypothesis strategy of valid values."""
        low, high = self.spec.minimum, self.spec.maximum
        if self.spec.choices:
            return f"st.sampled_from(get_args({self.alias}))"
        match self.spec.type:
            case "int":
                edge = MAX_WHOLE
            case "decimal" | "float":
                edge = 1_000_000
            case other:
                return _STRATEGY[other]
        edges = f"{number(low if low is not None else -edge)}, {number(high if high is not None else edge)}"
        return _NUMBERS[self.spec.type].format(edges)

    @property
    def strategy_line(self) -> str:
        """The entry of this field in a dictionary of strategies."""
        if self.spec.required:
            return (
                fit(f'"{self.name}": st.one_of(', [self.strategy], ")", 12)
                if self._long
                else f'"{self.name}": {self.strategy}'
            )
        return fit(f'"{self.name}": st.one_of(', ["st.none()", self.strategy], ")", 12)

    @property
    def _long(self) -> bool:
        return 12 + len(f'"{self.name}": {self.strategy},') > LINE

    @property
    def described(self) -> str:
        """The type in words, for the README."""
        if self.spec.choices:
            return "one of " + ", ".join(f"`{c}`" for c in self.spec.choices)
        return _SPOKEN[self.spec.type]

    @property
    def remarks(self) -> str:
        parts = ["required" if self.spec.required else "optional"]
        if self.spec.unique:
            parts.append("unique")
        if self.spec.minimum is not None and not self.spec.choices:
            parts.append(f"at least {number(self.spec.minimum)}")
        if self.spec.maximum is not None and not self.spec.choices:
            parts.append(f"at most {number(self.spec.maximum)}")
        return ", ".join(parts)

    @property
    def invalid(self) -> list[str]:
        return [literal(v) for v in invalid(self.spec)]


@dataclass(frozen=True)
class ParentView:
    """A reference to another thing."""

    entity: Entity
    required: bool
    counted: bool
    """The parent whose stock a rule lowers."""

    @property
    def column(self) -> str:
        return f"{self.entity.snake}_id"

    @property
    def path(self) -> str:
        return "/" + self.entity.plural.replace("_", "-")

    @property
    def declaration(self) -> str:
        return f"{self.column}: fields.RecordId" if self.required else f"{self.column}: fields.RecordId | None = None"

    @property
    def sql(self) -> str:
        need = " NOT NULL" if self.required else ""
        return f'"{self.column}" INTEGER{need} REFERENCES "{self.entity.plural}" (id)'


@dataclass(frozen=True)
class RuleView:
    """Creating `source` lowers `target.field` by `quantity`."""

    target: Entity
    field: str
    quantity: str
    largest: int

    @property
    def field_label(self) -> str:
        return self.field.replace("_", " ")

    @property
    def target_label(self) -> str:
        return self.target.snake.replace("_", " ")


@dataclass(frozen=True)
class EntityView:
    """One thing, and what refers to it."""

    entity: Entity
    fields: tuple[FieldView, ...]
    parents: tuple[ParentView, ...]
    rule: RuleView | None
    children: tuple[tuple[Entity, str], ...]
    """(entity, column) of required references to this thing."""
    referred: bool
    """Anything refers to it, required or not."""

    @property
    def name(self) -> str:
        return self.entity.name

    @property
    def snake(self) -> str:
        return self.entity.snake

    @property
    def plural(self) -> str:
        return self.entity.plural

    @property
    def label(self) -> str:
        return self.entity.snake.replace("_", " ")

    @property
    def labels(self) -> str:
        return self.entity.plural.replace("_", " ")

    @property
    def path(self) -> str:
        return "/" + self.entity.plural.replace("_", "-")

    @property
    def chosen(self) -> tuple[FieldView, ...]:
        """Fields with choices."""
        return tuple(f for f in self.fields if f.spec.choices)

    @property
    def columns(self) -> list[str]:
        return [*(f.name for f in self.fields), *(p.column for p in self.parents)]

    @property
    def fixed(self) -> frozenset[str]:
        """Columns that never change after creation: what a rule has booked."""
        if self.rule is None:
            return frozenset()
        return frozenset({self.rule.quantity, f"{self.rule.target.snake}_id"})

    @property
    def change_fields(self) -> tuple[FieldView, ...]:
        return tuple(f for f in self.fields if f.name not in self.fixed)

    @property
    def change_parents(self) -> tuple[ParentView, ...]:
        return tuple(p for p in self.parents if p.column not in self.fixed)

    @property
    def change_columns(self) -> list[str]:
        return [c for c in self.columns if c not in self.fixed]

    @property
    def replaceable(self) -> bool:
        return bool(self.change_columns)

    @property
    def money(self) -> tuple[FieldView, ...]:
        return tuple(f for f in self.fields if f.type == "decimal")

    @property
    def flags(self) -> tuple[FieldView, ...]:
        return tuple(f for f in self.fields if f.type == "bool")

    @property
    def required_parents(self) -> tuple[ParentView, ...]:
        return tuple(p for p in self.parents if p.required)

    @property
    def unique(self) -> tuple[FieldView, ...]:
        return tuple(f for f in self.fields if f.spec.unique)

    @property
    def counted_bodies(self) -> bool:
        """Its test bodies count, because a field is unique."""
        return any("number" in f.varied for f in self.unique)

    @property
    def schemas(self) -> list[str]:
        """Names of its schema classes that other modules import."""
        change = [f"{self.name}Change"] if self.rule and self.replaceable else []
        return [self.name, *change, f"{self.name}Input"]

    @property
    def statuses_create(self) -> list[int]:
        return [404] * bool(self.parents) + [409] * bool(self.unique or self.rule)

    @property
    def statuses_replace(self) -> list[int]:
        return [404] + [409] * bool([f for f in self.change_fields if f.spec.unique])

    @property
    def statuses_delete(self) -> list[int]:
        return [404] + [409] * bool(self.children or self.referred or self.rule)

    @property
    def article(self) -> str:
        return "an" if self.label[0] in "aeiou" else "a"

    def body(self, index: int = 1, ids: dict[str, int] | None = None) -> dict[str, object]:
        """A body that creates one; parents by id, 1 unless `ids` says another."""
        values: dict[str, object] = {f.name: f.sample(index) for f in self.fields}
        values |= {p.column: (ids or {}).get(p.entity.name, 1) for p in self.required_parents}
        return values

    def change(self, index: int = 1) -> dict[str, object]:
        return {name: value for name, value in self.body(index).items() if name not in self.fixed}


@dataclass(frozen=True)
class ProjectView:
    """Everything that a template may print."""

    spec: ProjectSpec
    entities: tuple[EntityView, ...]
    """Parents before their children."""

    @property
    def auth(self) -> bool:
        return self.spec.auth == "api_key"

    @property
    def types(self) -> frozenset[str]:
        """Field types in use; a field with choices needs none."""
        return frozenset(f.type for e in self.entities for f in e.fields if not f.spec.choices)

    @property
    def sorted(self) -> tuple[EntityView, ...]:
        return tuple(sorted(self.entities, key=lambda e: e.snake))

    def entity(self, name: str) -> EntityView:
        return next(e for e in self.entities if e.name == name)

    @property
    def rules(self) -> tuple[EntityView, ...]:
        return tuple(e for e in self.entities if e.rule)

    @property
    def roots(self) -> tuple[EntityView, ...]:
        """Things that need no other thing first."""
        return tuple(e for e in self.entities if not e.required_parents and e.fields)


def view(spec: ProjectSpec) -> ProjectView:
    by_name = {e.name: e for e in spec.entities}
    rules = {r.source: r for r in spec.rules}
    counted = {(r.target, r.field) for r in spec.rules}
    views = {e.name: _entity(e, by_name, rules.get(e.name), counted, spec) for e in spec.entities}
    return ProjectView(spec=spec, entities=tuple(views[name] for name in _parents_first(spec)))


def _entity(
    entity: Entity, by_name: dict[str, Entity], rule: Rule | None, counted: set[tuple[str, str]], spec: ProjectSpec
) -> EntityView:
    fields = tuple(
        FieldView(spec=f, owner=entity.name, counted=(entity.name, f.name) in counted) for f in entity.fields
    )
    parents = tuple(
        ParentView(entity=by_name[r.target], required=r.required, counted=bool(rule and rule.target == r.target))
        for r in entity.relations
        if r.target in by_name
    )
    booked = None
    if rule:
        stock = next(f for f in by_name[rule.target].fields if f.name == rule.field)
        largest = int(stock.maximum) if stock.maximum is not None else MAX_WHOLE
        booked = RuleView(target=by_name[rule.target], field=rule.field, quantity=rule.quantity_field, largest=largest)
    children = tuple(
        (other, f"{entity.snake}_id")
        for other in spec.entities
        if any(r.target == entity.name and r.required for r in other.relations)
    )
    referred = any(r.target == entity.name for other in spec.entities for r in other.relations)
    return EntityView(entity=entity, fields=fields, parents=parents, rule=booked, children=children, referred=referred)


def _parents_first(spec: ProjectSpec) -> list[str]:
    """Topological order over required relations, stable; the analysis guarantees that there is no cycle."""
    names = [e.name for e in spec.entities]
    needs = {e.name: {r.target for r in e.relations if r.required and r.target in names} for e in spec.entities}
    order: list[str] = []
    while len(order) < len(names):
        ready = [n for n in names if n not in order and needs[n] <= set(order)]
        if not ready:
            raise ValueError(f"things that require each other: {sorted(set(names) - set(order))}")
        order += ready
    return order
