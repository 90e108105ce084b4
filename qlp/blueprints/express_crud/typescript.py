"""Names and expressions of the TypeScript templates, laid out as prettier would (width 100)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from qlp.blueprints.express_crud.examples import starting_stock, whole_expression
from qlp.blueprints.express_crud.resources import Column, Decrement, Resource, Resources
from qlp.blueprints.express_crud.wording import doc_notes, doc_type, plural_words, with_article

WIDTH = 100

_TAKEN_TYPES = frozenset(
    {
        *("Array", "Boolean", "Buffer", "Date", "Error", "Function", "Json", "Map", "Number", "Object", "Partial"),
        *("Promise", "Readonly", "Record", "RegExp", "Set", "String", "Symbol", "Headers", "Request", "Response"),
        *("Answer", "ApiError", "Cents", "Client", "ConflictError", "CrudService", "Invalid", "Journal"),
        *("MemoryRepository", "Page", "PageRequest", "Parse", "Repository", "Shape", "SnapshotFile", "Store"),
        *("Stored", "Table", "ValidationError", "Router", "Express", "Crud", "App", "AppOptions"),
    }
)
_TAKEN_TABLES = frozenset({"constructor", "transaction", "prototype"})


def type_name(entity: str) -> str:
    """The entity's own name unless the templates, the language or a derived name has it."""
    derived = entity.endswith(("Fields", "Service"))
    return f"{entity}Entity" if entity in _TAKEN_TYPES or derived else entity


def camel(name: str) -> str:
    """order_lines and OrderLines -> orderLines."""
    joined = "".join(part[:1].upper() + part[1:] for part in name.split("_") if part)
    return joined[:1].lower() + joined[1:]


def pascal(name: str) -> str:
    word = camel(name)
    return word[:1].upper() + word[1:]


def string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def array(items: Iterable[str], *, before: str, after: str = "") -> str:
    """`before[a, b]after` on one line if it fits, else one item a line."""
    values = tuple(items)
    line = f"{before}[{', '.join(values)}]{after}"
    if len(line) <= WIDTH:
        return line
    indent = " " * (len(before) - len(before.lstrip()))
    return f"{before}[\n" + "".join(f"{indent}  {v},\n" for v in values) + f"{indent}]{after}"


def imports(names: Iterable[str], source: str, *, types: bool = False) -> str:
    """An import statement; `types` makes it one of types only."""
    values = sorted(names, key=lambda n: (n.startswith("type "), n.removeprefix("type ").lower()))
    head = "import type" if types else "import"
    line = f'{head} {{ {", ".join(values)} }} from "{source}";'
    if len(line) <= WIDTH or len(values) == 1:
        return line
    return f"{head} {{\n" + "".join(f"  {v},\n" for v in values) + f'}} from "{source}";'


def fit(line: str, broken: str) -> str:
    return line if len(line) <= WIDTH else broken


@dataclass(frozen=True)
class TsColumn:
    """What templates ask about a column."""

    column: Column
    owner: str
    """Variable prefix of the entity: orderLine."""
    stock: int
    """What an example starts with where a rule lowers the column."""
    resources: Resources

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def words(self) -> str:
        return self.column.words

    @property
    def required(self) -> bool:
        return self.column.required

    @property
    def choices(self) -> str:
        """Name of the constant that lists the choices; empty if any value goes."""
        return f"{self.owner}{pascal(self.name)}Choices" if self.column.choices else ""

    @property
    def choices_declaration(self) -> str:
        values = (string(c) for c in self.column.choices)
        return array(values, before=f"export const {self.choices} = ", after=" as const;")

    @property
    def ts_type(self) -> str:
        base = {"int": "number", "float": "number", "ref": "number", "decimal": "Cents", "bool": "boolean"}
        name = f"(typeof {self.choices})[number]" if self.choices else base.get(self.column.type, "string")
        return name if self.required else f"{name} | null"

    @property
    def comment(self) -> str:
        comments = {"date": "YYYY-MM-DD", "datetime": "RFC 3339 in UTC", "ref": "Id of {}."}
        target = with_article(self.target_noun) if self.column.target else ""
        return comments.get(self.column.type, "").format(target)

    @property
    def parser_function(self) -> str:
        names = {"text": "text", "str": "text", "int": "integer", "decimal": "money", "bool": "boolean"}
        names |= {"ref": "reference", "datetime": "dateTime"}
        return "choice" if self.choices else names.get(self.column.type, self.column.type)

    @property
    def parser(self) -> str:
        name, column = self.parser_function, self.column
        match column.type:
            case "str" | "text" if not self.choices:
                limit = "200" if column.type == "str" else "10_000"
                name += f"({{ max: {limit} }})" if self.required else f"({{ max: {limit}, blank: true }})"
            case "str" | "text":
                name += f"({self.choices})"
            case "int" | "float" | "decimal":
                limits = [f"min: {plain(column.least)}"] if column.least is not None else []
                limits += [f"max: {plain(column.most)}"] if column.most is not None else []
                name += f"({{ {', '.join(limits)} }})" if limits else "()"
        return name if self.required else f"optional({name})"

    @property
    def formatted(self) -> str:
        call = f"formatMoney(record.{self.name})"
        return call if self.required else f"record.{self.name} === null ? null : {call}"

    def _number(self) -> str:
        """Expression of the n-th number inside the limits."""
        whole = whole_expression(self.column, self.stock)
        if whole is None:
            most = self.column.maximum or Decimal(0)
            return f'"{plain(most, 2)}"' if self.column.type == "decimal" else plain(most)
        if self.column.type == "decimal":
            return f'"{whole}.50"' if whole.isdigit() else f"`${{{whole}}}.50`"
        return f"{whole} + 0.5" if self.column.type == "float" else whole

    @property
    def fixture(self) -> str:
        """Expression of the n-th valid value, in the form in which the API answers it."""
        if self.choices:
            return string(self.column.choices[0])
        if self.column.type == "ref":
            given = f'"{self.name}" in given ? given.{self.name} : '
            return f"{given}(await {self.target_create_fn}(api)).id" if self.required else "null"
        return {
            "str": f"`{self.words.capitalize()} ${{n}}`",
            "text": f"`{self.words.capitalize()} ${{n}}`",
            "int": self._number(),
            "decimal": self._number(),
            "float": self._number(),
            "bool": "n % 2 === 1",
            "date": "day(n)",
            "datetime": "`${day(n)}T10:30:00.000Z`",
            "email": "`person${n}@example.com`",
            "url": f"`https://example.com/{self.name}/${{n}}`",
            "uuid": '`00000000-0000-4000-8000-${String(n).padStart(12, "0")}`',
        }[self.column.type]

    @property
    def refused(self) -> tuple[str, ...]:
        """Expressions of values that the API must not accept."""
        column, values = self.column, ["null"] if self.required else []
        if self.choices:
            return (*values, '"no such choice"', "7")
        match column.type:
            case "str" | "text":
                values += ["7", f'"x".repeat({201 if column.type == "str" else "10_001"})']
                values += ['"  "'] if self.required else []
            case "int":
                values += ["1.5", '"1"', "1e300"]
            case "decimal":
                values += ['"1.234"', "1.234", '"many"']
            case "float":
                values += ['"1"', "true"]
            case "ref":
                values += ["0", '"1"']
            case other:
                wrong = {
                    "bool": ['"true"', "1"],
                    "date": ['"2024-02-30"', "20240101"],
                    "datetime": ['"2024-02-30T10:00:00Z"', '"2024-01-31"'],
                    "email": ['"nobody"', "7"],
                    "url": ['"ftp://example.com"', "7"],
                    "uuid": ['"1234"', "7"],
                }
                values += wrong[other]
        outside = [] if column.least is None else [column.least - 1]
        outside += [] if column.most is None else [column.most + 1]
        money = column.type == "decimal"
        values += [f'"{plain(value / 100, 2)}"' if money else plain(value) for value in outside]
        return tuple(values)

    @property
    def doc_type(self) -> str:
        return doc_type(self.column)

    @property
    def doc_notes(self) -> str:
        return doc_notes(self.column)

    @property
    def target(self) -> Resource:
        return self.resources.of(self.column.target or "")

    @property
    def target_noun(self) -> str:
        return self.target.noun

    @property
    def target_table(self) -> str:
        return table_name(self.target)

    @property
    def target_path(self) -> str:
        return self.target.path

    @property
    def target_create_fn(self) -> str:
        return f"create{type_name(self.target.name)}"


def plain(value: Decimal, digits: int | None = None) -> str:
    """Without exponent and, unless `digits` asks for them, without trailing zeros."""
    if digits is not None:
        return f"{value:.{digits}f}"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def table_name(resource: Resource) -> str:
    name = camel(resource.plural)
    return f"{name}Rows" if name in _TAKEN_TABLES else name


@dataclass(frozen=True)
class TsDecrement:
    """A rule as templates see it."""

    decrement: Decrement
    resources: Resources

    @property
    def _target(self) -> Resource:
        return self.resources.of(self.decrement.target)

    @property
    def field(self) -> str:
        return self.decrement.field

    @property
    def quantity(self) -> str:
        return self.decrement.quantity

    @property
    def reference(self) -> str:
        return self.decrement.reference

    @property
    def field_words(self) -> str:
        return self.field.replace("_", " ")

    @property
    def quantity_words(self) -> str:
        return self.quantity.replace("_", " ")

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
    def _scale(self) -> int:
        return 100 if self.decrement.type == "decimal" else 1

    @property
    def floor_literal(self) -> str:
        return plain(self.decrement.floor * self._scale)

    @property
    def floor_text(self) -> str:
        return plain(self.decrement.floor, 2 if self.decrement.type == "decimal" else None)

    @property
    def wide(self) -> bool:
        """Whether the limits leave room for the tests that change a quantity."""
        return self.decrement.per_record >= 6 and self.decrement.stock >= 5

    @property
    def most(self) -> int:
        return self.decrement.per_record

    @property
    def few(self) -> int:
        """Units of a stock that concurrent requests exhaust."""
        return min(5, self.decrement.stock)

    @property
    def many(self) -> int:
        """Units of a stock that random requests share."""
        return min(10, self.decrement.stock)

    def _json(self, value: Decimal) -> str:
        return f'"{plain(value, 2)}"' if self.decrement.type == "decimal" else plain(value)

    def amount(self, units: int) -> str:
        """JSON of a stock that suffices for `units` of the smallest quantity."""
        return self._json(self.decrement.floor + units * self.decrement.least)

    def take(self, units: int) -> str:
        return self._json(units * self.decrement.least)

    @property
    def take_expr(self) -> str:
        """Quantity of `choice.take` units, computed by the test."""
        unit = plain(self.decrement.least * self._scale)
        if self.decrement.type == "decimal":
            return f"(choice.take * {unit}) / 100"
        return "choice.take" if unit == "1" else f"choice.take * {unit}"

    @property
    def expected(self) -> str:
        """The stock that the test expects after `held()` units were taken, in whole units."""
        unit = plain(self.decrement.least * self._scale)
        held = f"{self.many} - held()" if unit == "1" else f"({self.many} - held()) * {unit}"
        return held if self.floor_literal == "0" else f"{self.floor_literal} + {held}"

    @property
    def measured(self) -> str:
        return "Math.round(stock * 100)" if self.decrement.type == "decimal" else "stock"


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
    def decrements(self) -> tuple[TsDecrement, ...]:
        return tuple(TsDecrement(d, self.resources) for d in self.resource.decrements)

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
        if self.uniques or self.refs:
            names.add(self.create_fn)
        names |= {c.target_create_fn for c in self.refs}
        return imports(names, "./fixtures.js")

    def rule_import(self, decrement: TsDecrement) -> str:
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
