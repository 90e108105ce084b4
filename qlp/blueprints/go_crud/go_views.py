"""Entities and rules as the Go templates see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from qlp.blueprints.go_crud.go_columns import GoColumn
from qlp.blueprints.go_crud.golang import aligned, exported, imports, string, type_name, unexported
from qlp.blueprints.rest.examples import starting_stock
from qlp.blueprints.rest.resources import Column, Resource, Resources
from qlp.blueprints.rest.rule_view import RuleView
from qlp.blueprints.rest.wording import plural_words, with_article


@dataclass(frozen=True)
class GoRule(RuleView):
    """A rule as templates see it."""

    source: GoResource

    @property
    def _target(self) -> GoResource:
        return GoResource(self.resources.of(self.decrement.target), self.resources)

    @property
    def field_go(self) -> str:
        return self._target.column(self.field).go_name

    @property
    def quantity_go(self) -> str:
        return self.source.column(self.quantity).go_name

    @property
    def reference_go(self) -> str:
        return self.source.column(self.reference).go_name

    @property
    def go_type(self) -> str:
        return "money.Cents" if self.money else "int64"

    @property
    def noun(self) -> str:
        return self._target.noun

    @property
    def table(self) -> str:
        return self._target.table

    @property
    def move(self) -> str:
        """Several rules may lower the same field: the source keeps the names apart."""
        return f"move{self._target.type}{self.field_go}For{self.source.type}"

    @property
    def stock_fn(self) -> str:
        return f"{unexported(self.decrement.field)}Of{self._target.type}For{self.source.type}"

    @property
    def test(self) -> str:
        return f"{self.source.type}Takes{self._target.type}{self.field_go}"

    @property
    def file(self) -> str:
        return f"{self.source.flat}_{self._target.flat}_{self.field.replace('_', '')}"

    @property
    def target_path(self) -> str:
        return self._target.path

    @property
    def create_target_fn(self) -> str:
        return self._target.create_fn

    @property
    def take_expr(self) -> str:
        """Quantity of `units`, computed by the test."""
        if self.money:
            return f"money.Cents(units * {self.unit})"
        return "units" if self.unit == "1" else f"units * {self.unit}"

    @property
    def expected(self) -> str:
        """The stock that the test expects after `held` units were taken."""
        left = f"{self.many}-held" if self.unit == "1" else f"({self.many}-held)*{self.unit}"
        total = left if self.floor_literal == "0" else f"{self.floor_literal}+{left}"
        return f"money.Cents({total})" if self.money else total


@dataclass(frozen=True)
class GoResource:
    """An entity as templates see it."""

    resource: Resource
    resources: Resources

    @property
    def type(self) -> str:
        return type_name(self.resource.name)

    @property
    def fields(self) -> str:
        return f"{self.type}Fields"

    @property
    def read_fn(self) -> str:
        return f"Read{self.fields}"

    @property
    def new_fn(self) -> str:
        return f"new{self.type}Collection"

    @property
    def body_fn(self) -> str:
        return f"body{self.type}"

    @property
    def create_fn(self) -> str:
        return f"create{self.type}"

    @property
    def table(self) -> str:
        """Field of the store that has the collection."""
        return unexported(self.resource.plural)

    @property
    def collection(self) -> str:
        """Method of the repository that returns the collection."""
        return exported(self.resource.plural)

    @property
    def flat(self) -> str:
        """Base of file names: without `_`, because Go reads meaning into `_test` and `_linux`."""
        return self.resource.snake.replace("_", "")

    @property
    def path(self) -> str:
        return self.resource.path

    @property
    def plural(self) -> str:
        return self.resource.plural

    @property
    def plural_words(self) -> str:
        return plural_words(self.resource)

    @property
    def noun(self) -> str:
        return self.resource.noun

    @property
    def a_noun(self) -> str:
        return with_article(self.noun)

    @property
    def noun_title(self) -> str:
        return self.noun.capitalize()

    @property
    def columns(self) -> tuple[GoColumn, ...]:
        taken = {"ID", self.fields}
        columns = []
        for c in self.resource.columns:
            name = exported(c.name)
            while name in taken:
                name += "Field"
            taken.add(name)
            stock = starting_stock(self.resources, self.resource, c)
            columns.append(GoColumn(c, self.type, name, stock, self.resources))
        return tuple(columns)

    def column(self, name: str) -> GoColumn:
        return next(c for c in self.columns if c.name == name)

    def _where(self, test: Callable[[Column], bool]) -> tuple[GoColumn, ...]:
        return tuple(c for c in self.columns if test(c.column))

    @property
    def refs(self) -> tuple[GoColumn, ...]:
        return self._where(lambda c: c.type == "ref")

    @property
    def required_refs(self) -> tuple[GoColumn, ...]:
        return self._where(lambda c: c.type == "ref" and c.required)

    @property
    def uniques(self) -> tuple[GoColumn, ...]:
        return self._where(lambda c: c.unique)

    @property
    def required(self) -> tuple[GoColumn, ...]:
        return self._where(lambda c: c.required)

    @property
    def optional(self) -> tuple[GoColumn, ...]:
        return self._where(lambda c: not c.required)

    @property
    def counts(self) -> bool:
        """Whether the fixture uses its counter."""
        return any(re.search(r"\bn\b", c.fixture) for c in self.columns if not c.choices)

    @property
    def long_texts(self) -> bool:
        return any("strings." in value for _, value in self.refused)

    @property
    def patched(self) -> str:
        """The column that tests change alone."""
        return next((c.name for c in self.resource.columns if c.type in ("str", "text")), self.columns[-1].name)

    @property
    def refused(self) -> tuple[tuple[str, str], ...]:
        return tuple((c.name, value) for c in self.columns for value in c.refused)

    @property
    def required_names(self) -> str:
        return ", ".join(string(c.name) for c in self.required)

    @property
    def optional_names(self) -> str:
        return ", ".join(string(c.name) for c in self.optional)

    @property
    def all_names(self) -> str:
        return ", ".join(string(c.name) for c in self.columns)

    @property
    def struct_lines(self) -> tuple[str, ...]:
        return aligned((c.go_name, c.go_type, f'`json:"{c.name}"`') for c in self.columns)

    @property
    def decrements(self) -> tuple[GoRule, ...]:
        return tuple(GoRule(d, self.resources, self) for d in self.resource.decrements)

    @property
    def children(self) -> tuple[dict[str, str], ...]:
        found = []
        for child in self.resource.children:
            other = GoResource(self.resources.of(child.entity), self.resources)
            column = other.column(child.column)
            name = f"g.{column.go_name}"
            refers = f"{name} == id" if column.required else f"{name} != nil && *{name} == id"
            found.append({"table": other.table, "fields": other.fields, "noun": other.noun, "refers": refers})
        return tuple(found)

    @property
    def hooks(self) -> tuple[tuple[str, str], ...]:
        """Rules of the collection that are functions of the store."""
        hooks = []
        if self.refs or self.uniques:
            hooks.append(("check", f"check{self.type}"))
        if self.children:
            hooks.append(("checkDelete", f"check{self.type}Delete"))
        if self.decrements:
            hooks.append(("settle", f"settle{self.type}"))
        return tuple(hooks)

    def model_imports(self, module: str) -> str:
        types = {c.column.type for c in self.columns}
        own = [f"{module}/internal/input"] + ([f"{module}/internal/money"] if "decimal" in types else [])
        return imports(["time"] if "datetime" in types else [], own)

    def rules_imports(self, module: str) -> str:
        own = [f"{module}/internal/model"]
        if any(d.go_type == "money.Cents" for d in self.decrements):
            own.append(f"{module}/internal/money")
        return imports(["fmt"] if self.decrements else [], own)


def collection_fields(views: tuple[GoResource, ...]) -> tuple[str, ...]:
    return aligned((v.table, f"*memory[model.{v.fields}, model.{v.type}]") for v in views)


def fixture_imports(views: tuple[GoResource, ...]) -> str:
    """Packages of the fixtures; empty if they need none."""
    text = "\n".join(c.fixture for v in views for c in v.columns if not c.choices)
    packages = [p for p in ("fmt", "time") if f"{p}." in text]
    return imports(packages) if packages else ""
