"""A column as the TypeScript templates see it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from qlp.blueprints.express_crud.typescript import array, pascal, string, table_name, type_name
from qlp.blueprints.rest.examples import whole_expression
from qlp.blueprints.rest.resources import Column, Resource, Resources
from qlp.blueprints.rest.rule_view import plain
from qlp.blueprints.rest.wording import doc_notes, doc_type, with_article


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
