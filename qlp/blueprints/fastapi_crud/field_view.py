"""What the templates see of one field: annotation, column, samples and strategies."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qlp.blueprints.fastapi_crud.lines import LINE, fit, literal
from qlp.blueprints.fastapi_crud.samples import Value, invalid, sample
from qlp.models import FieldSpec

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
