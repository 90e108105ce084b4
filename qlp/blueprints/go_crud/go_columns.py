"""A column as the Go templates see it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from qlp.blueprints.go_crud.golang import exported, string, type_name, unexported
from qlp.blueprints.rest.examples import whole_expression
from qlp.blueprints.rest.resources import Column, Resource, Resources
from qlp.blueprints.rest.rule_view import plain
from qlp.blueprints.rest.wording import doc_notes, doc_type


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
