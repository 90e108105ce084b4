"""Names and expressions of the Go templates, laid out as gofmt would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from qlp.blueprints.express_crud.examples import starting_stock, whole_expression
from qlp.blueprints.express_crud.resources import Column, Decrement, Resource, Resources
from qlp.blueprints.express_crud.wording import doc_notes, doc_type, plural_words, with_article

_INITIALISMS = frozenset(
    {
        *("api", "ascii", "cpu", "css", "dns", "guid", "html", "http", "https", "id", "ip", "isbn", "json", "sku"),
        *("sql", "ssh", "tcp", "tls", "ttl", "udp", "ui", "uid", "uri", "url", "uuid", "vat", "vm", "xml"),
    }
)
_TAKEN = frozenset(
    {
        *("break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func"),
        *("go", "goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct"),
        *("switch", "type", "var", "mu", "path", "undo", "transaction", "tables", "load", "save"),
    }
)
"""Keywords, and what the store calls its own fields and methods."""


def exported(name: str) -> str:
    """book_id -> BookID."""
    words = (part for part in name.split("_") if part)
    return "".join(w.upper() if w in _INITIALISMS else w[:1].upper() + w[1:] for w in words)


def unexported(name: str) -> str:
    """order_lines -> orderLines; a word that Go or the templates need gets a suffix."""
    first, *rest = (part for part in name.split("_") if part)
    word = first + "".join(exported(part) for part in rest)
    return f"{word}Rows" if word in _TAKEN else word


def type_name(entity: str) -> str:
    """The entity's own name unless a derived name looks the same."""
    return f"{entity}Entity" if entity.endswith(("Fields", "Choices")) else entity


def string(value: str) -> str:
    """A Go string literal of printable text."""
    return json.dumps(value, ensure_ascii=False)


def imports(*groups: Iterable[str]) -> str:
    """An import declaration with one group a block, sorted."""
    filled = [sorted(set(g)) for g in groups]
    lines = "\n\n".join("\n".join(f'\t"{path}"' for path in group) for group in filled if group)
    return f"import (\n{lines}\n)" if "\n" in lines else f"import {lines.strip()}"


def aligned(rows: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Columns padded as in a struct; the last one of a row is not."""
    table = tuple(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return tuple(" ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)


def plain(value: Decimal, digits: int | None = None) -> str:
    """Without exponent and, unless `digits` asks for them, without trailing zeros."""
    if digits is not None:
        return f"{value:.{digits}f}"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class GoColumn:
    """What templates ask about a column."""

    column: Column
    owner: str
    """Type name of the entity."""
    go_name: str
    """Name of the struct field."""
    stock: int
    """What an example starts with where a rule lowers the column."""
    resources: Resources

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def required(self) -> bool:
        return self.column.required

    @property
    def is_ref(self) -> bool:
        return self.column.type == "ref"

    @property
    def choices(self) -> str:
        """Name of the variable that lists the choices; empty if any value goes."""
        return f"{self.owner}{exported(self.name)}Choices" if self.column.choices else ""

    @property
    def choices_declaration(self) -> str:
        values = "".join(f"\t{string(c)},\n" for c in self.column.choices)
        return f"var {self.choices} = []string{{\n{values}}}"

    @property
    def base_type(self) -> str:
        types = {"int": "int64", "ref": "int64", "float": "float64", "decimal": "money.Cents", "bool": "bool"}
        return {**types, "datetime": "time.Time"}.get(self.column.type, "string")

    @property
    def go_type(self) -> str:
        return self.base_type if self.required else f"*{self.base_type}"

    @property
    def parser(self) -> str:
        column = self.column
        if self.choices:
            return f"input.Choice({self.choices})"
        match column.type:
            case "str" | "text":
                limit = "200" if column.type == "str" else "10_000"
                return f"input.{'Text' if self.required else 'BlankText'}({limit})"
            case "int" | "float" | "decimal":
                parser = {"int": "input.Integer", "float": "input.Float", "decimal": "input.Money"}[column.type]
                parser = parser if column.least is None else f"input.AtLeast({plain(column.least)}, {parser})"
                return parser if column.most is None else f"input.AtMost({plain(column.most)}, {parser})"
            case other:
                names = {"datetime": "DateTime", "ref": "Reference", "url": "URL", "uuid": "UUID"}
                return f"input.{names.get(other, other.capitalize())}"

    @property
    def same(self) -> str:
        """Condition that `f` and `g` have the same value; no value equals none."""
        f, g = f"f.{self.go_name}", f"g.{self.go_name}"
        if self.column.type == "datetime":
            equal = f"{g}.Equal({f})" if self.required else f"{g}.Equal(*{f})"
        else:
            equal = f"{g} == {f}" if self.required else f"*{g} == *{f}"
        return equal if self.required else f"{f} != nil && {g} != nil && {equal}"

    @property
    def fixture(self) -> str:
        """Expression of the n-th valid value, in the form in which the API answers it."""
        if self.choices:
            return string(self.column.choices[0])
        match self.column.type:
            case "ref":
                return "nil"
            case "int" | "decimal" | "float":
                return self._number()
            case "str" | "text":
                return f'fmt.Sprintf("{self.column.words.capitalize()} %d", n)'
            case "bool":
                return "n%2 == 1"
            case other:
                return {
                    "date": 'time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC).Format("2006-01-02")',
                    "datetime": "time.Date(2024, 1, n, 10, 30, 0, 0, time.UTC).Format(time.RFC3339)",
                    "email": 'fmt.Sprintf("person%d@example.com", n)',
                    "url": f'fmt.Sprintf("https://example.com/{self.name}/%d", n)',
                    "uuid": 'fmt.Sprintf("00000000-0000-4000-8000-%012d", n)',
                }[other]

    def _number(self) -> str:
        whole = whole_expression(self.column, self.stock)
        if whole is None:
            most = self.column.maximum or Decimal(0)
            return f'"{plain(most, 2)}"' if self.column.type == "decimal" else plain(most)
        if self.column.type == "decimal":
            inner = whole.replace(" ", "") if re.fullmatch(r"-?\d+ \+ n", whole) else whole
            tight = inner.replace(" + ", "+").replace(" % ", "%")
            return f'"{whole}.50"' if whole.isdigit() else f'fmt.Sprintf("%d.50", {tight})'
        if self.column.type == "float":
            tight = whole.replace(" + ", "+").replace(" % ", "%")
            return f"{whole}.5" if whole.isdigit() else f"float64({tight}) + 0.5"
        return whole

    @property
    def refused(self) -> tuple[str, ...]:
        """Expressions of values that the API must not accept."""
        column, values = self.column, ["nil"] if self.required else []
        if self.choices:
            return (*values, '"no such choice"', "7")
        match column.type:
            case "str" | "text":
                values += ["7", f'strings.Repeat("x", {201 if column.type == "str" else "10_001"})']
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
    def _target(self) -> Resource:
        return self.resources.of(self.column.target or "")

    @property
    def target_table(self) -> str:
        return unexported(self._target.plural)

    @property
    def target_path(self) -> str:
        return self._target.path

    @property
    def target_create_fn(self) -> str:
        return f"create{type_name(self._target.name)}"


@dataclass(frozen=True)
class GoDecrement:
    """A rule as templates see it."""

    decrement: Decrement
    resources: Resources
    source: GoResource

    @property
    def _target(self) -> GoResource:
        return GoResource(self.resources.of(self.decrement.target), self.resources)

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
        return "money.Cents" if self.decrement.type == "decimal" else "int64"

    @property
    def field_words(self) -> str:
        return self.field.replace("_", " ")

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
    def _unit(self) -> str:
        return plain(self.decrement.least * self._scale)

    @property
    def take_expr(self) -> str:
        """Quantity of `units`, computed by the test."""
        if self.decrement.type == "decimal":
            return f"money.Cents(units * {self._unit})"
        return "units" if self._unit == "1" else f"units * {self._unit}"

    @property
    def expected(self) -> str:
        """The stock that the test expects after `held` units were taken."""
        if self._unit == "1":
            left = f"{self.many}-held" if self.decrement.type == "decimal" or self.floor_literal != "0" else ""
            left = left or f"{self.many}-held"
        else:
            left = f"({self.many}-held)*{self._unit}"
        total = left if self.floor_literal == "0" else f"{self.floor_literal}+{left}"
        return f"money.Cents({total})" if self.decrement.type == "decimal" else total


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
    def decrements(self) -> tuple[GoDecrement, ...]:
        return tuple(GoDecrement(d, self.resources, self) for d in self.resource.decrements)

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
