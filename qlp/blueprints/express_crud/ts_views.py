"""Entities and rules as the TypeScript templates see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from qlp.blueprints.express_crud.ts_columns import TsColumn
from qlp.blueprints.express_crud.typescript import array, camel, fit, imports, pascal, string, table_name, type_name
from qlp.blueprints.rest.examples import starting_stock
from qlp.blueprints.rest.resources import Column, Resource, Resources
from qlp.blueprints.rest.rule_view import RuleView
from qlp.blueprints.rest.wording import plural_words, with_article


@dataclass(frozen=True)
class TsRule(RuleView):
    """A rule as templates see it."""

    @property
    def _target(self) -> Resource:
        return self.resources.of(self.decrement.target)

    @property
    def noun(self) -> str:
        return self._target.noun

    @property
    def target_kebab(self) -> str:
        return self._target.kebab

    @property
    def table(self) -> str:
        return table_name(self._target)

    @property
    def move(self) -> str:
        return f"move{pascal(self._target.name)}{pascal(self.field)}"

    @property
    def stock_fn(self) -> str:
        return f"{camel(self.field)}Of"

    @property
    def target_path(self) -> str:
        return self._target.path

    @property
    def create_target_fn(self) -> str:
        return f"create{type_name(self._target.name)}"

    @property
    def take_expr(self) -> str:
        """Quantity of `choice.take` units, computed by the test."""
        unit = self.unit
        if self.money:
            return f"(choice.take * {unit}) / 100"
        return "choice.take" if unit == "1" else f"choice.take * {unit}"

    @property
    def expected(self) -> str:
        """The stock that the test expects after `held()` units were taken, in whole units."""
        unit = self.unit
        held = f"{self.many} - held()" if unit == "1" else f"({self.many} - held()) * {unit}"
        return held if self.floor_literal == "0" else f"{self.floor_literal} + {held}"

    @property
    def measured(self) -> str:
        return "Math.round(stock * 100)" if self.money else "stock"


@dataclass(frozen=True)
class TsResource:
    """An entity as templates see it."""

    resource: Resource
    resources: Resources

    @property
    def type(self) -> str:
        return type_name(self.resource.name)

    @property
    def var(self) -> str:
        return camel(self.type)

    @property
    def fields(self) -> str:
        return f"{self.type}Fields"

    @property
    def shape(self) -> str:
        return f"{self.var}Shape"

    @property
    def service(self) -> str:
        return f"{self.type}Service"

    @property
    def to_json(self) -> str:
        return f"{self.var}ToJson"

    @property
    def body_fn(self) -> str:
        return f"{self.var}Body"

    @property
    def create_fn(self) -> str:
        return f"create{self.type}"

    @property
    def table(self) -> str:
        return table_name(self.resource)

    @property
    def kebab(self) -> str:
        return self.resource.kebab

    @property
    def path(self) -> str:
        return self.resource.path

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
    def columns(self) -> tuple[TsColumn, ...]:
        return tuple(
            TsColumn(c, self.var, starting_stock(self.resources, self.resource, c), self.resources)
            for c in self.resource.columns
        )

    def _where(self, test: Callable[[Column], bool]) -> tuple[TsColumn, ...]:
        return tuple(c for c in self.columns if test(c.column))

    @property
    def refs(self) -> tuple[TsColumn, ...]:
        return self._where(lambda c: c.type == "ref")

    @property
    def required_refs(self) -> tuple[TsColumn, ...]:
        return self._where(lambda c: c.type == "ref" and c.required)

    @property
    def uniques(self) -> tuple[TsColumn, ...]:
        return self._where(lambda c: c.unique)

    @property
    def required(self) -> tuple[TsColumn, ...]:
        return self._where(lambda c: c.required)

    @property
    def optional(self) -> tuple[TsColumn, ...]:
        return self._where(lambda c: not c.required)

    @property
    def money(self) -> tuple[TsColumn, ...]:
        return self._where(lambda c: c.type == "decimal")

    @property
    def counts(self) -> bool:
        """Whether the fixture uses its counter."""
        return any(re.search(r"\bn\b", c.fixture) for c in self.columns if not c.choices)

    @property
    def patched(self) -> str:
        """The column that tests change alone."""
        return next((c.name for c in self.resource.columns if c.type in ("str", "text")), self.columns[-1].name)

    @property
    def refused(self) -> tuple[tuple[str, str], ...]:
        return tuple((c.name, value) for c in self.columns for value in c.refused)

    @property
    def required_check(self) -> str:
        names = (string(n) for n in sorted(c.name for c in self.required))
        return array(names, before="  assert.deepEqual(refusedFields(answer), ", after=");")

    @property
    def decrements(self) -> tuple[TsRule, ...]:
        return tuple(TsRule(d, self.resources) for d in self.resource.decrements)

    @property
    def children(self) -> tuple[dict[str, str], ...]:
        return tuple(
            {"table": table_name(self.resources.of(c.entity)), "column": c.column} for c in self.resource.children
        )

    @property
    def model_imports(self) -> tuple[str, ...]:
        parsers = {c.parser_function for c in self.columns} | ({"optional"} if self.optional else set())
        lines = [imports({"formatMoney", "type Cents"}, "../money.js")] if self.money else []
        lines.append(imports({"Stored"}, "../repository.js", types=True))
        lines.append(imports({*parsers, "type Shape"}, "../validation.js"))
        return tuple(lines)

    @property
    def service_imports(self) -> tuple[str, ...]:
        lines = [imports({"CrudService"}, "../crud-service.js")]
        if self.decrements:
            lines.append(imports({"ConflictError"}, "../errors.js"))
        lines.append(imports({"Store"}, "../store.js", types=True))
        own = {self.shape, f"type {self.fields}"} | ({f"type {self.type}"} if self.children else set())
        lines.append(imports(own, "./model.js"))
        return tuple(lines)

    @property
    def settle_signature(self) -> str:
        parameters = (f"before: {self.fields} | undefined", f"after: {self.fields} | undefined")
        line = f"  protected override settle({', '.join(parameters)}): void {{"
        return fit(line, "  protected override settle(\n" + "".join(f"    {p},\n" for p in parameters) + "  ): void {")

    @property
    def fixture_import(self) -> str:
        names = {self.body_fn}
        if self.uniques or self.refs or self.optional:
            names.add(self.create_fn)
        names |= {c.target_create_fn for c in self.refs}
        return imports(names, "./fixtures.js")

    def rule_import(self, decrement: TsRule) -> str:
        return imports({self.body_fn, self.create_fn, decrement.create_target_fn}, "./fixtures.js")

    @property
    def store_property(self) -> str:
        head = f"  readonly {self.table}: Repository<{self.fields}> ="
        return fit(f"{head} this.#tables.{self.table};", f"{head}\n    this.#tables.{self.table};")

    @property
    def store_load(self) -> str:
        call = f'readTable<{self.fields}>("{self.table}", tables.{self.table})'
        head = f"    this.#tables.{self.table}.load("
        return fit(f"{head}{call});", f"{head}\n      {call},\n    );")

    @property
    def mount(self) -> str:
        present = f", {self.to_json}" if self.money else ""
        router = f"crudRouter(new {self.service}(store){present})"
        return fit(
            f'  app.use("/{self.path}", {router});',
            f'  app.use(\n    "/{self.path}",\n    {router},\n  );',
        )


def app_imports(views: tuple[TsResource, ...], *, auth: bool) -> tuple[str, ...]:
    """Imports of src/app.ts in the order of their paths."""
    by_path = {
        "./crud-router.js": {"crudRouter", "onlyMethods"},
        "./errors.js": {"NotFoundError"},
        "./problem.js": {"problemHandler"},
    }
    if auth:
        by_path["./auth.js"] = {"requireApiKey"}
    for view in views:
        by_path[f"./{view.kebab}/service.js"] = {view.service}
        if view.money:
            by_path[f"./{view.kebab}/model.js"] = {view.to_json}
    lines = {path: imports(names, path) for path, names in by_path.items()}
    lines["./store.js"] = imports({"Store"}, "./store.js", types=True)
    return tuple(line for _, line in sorted(lines.items()))
