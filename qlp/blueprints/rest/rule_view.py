"""A decrement as tests and messages see it, whatever the language."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from qlp.blueprints.rest.resources import Decrement, Resources


def plain(value: Decimal, digits: int | None = None) -> str:
    """Without exponent and, unless `digits` asks for them, without trailing zeros."""
    if digits is not None:
        return f"{value:.{digits}f}"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class RuleView:
    """Amounts are counted in units of the smallest quantity; limits of the fields may leave room for only a few."""

    decrement: Decrement
    resources: Resources

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
    def money(self) -> bool:
        return self.decrement.type == "decimal"

    @property
    def _scale(self) -> int:
        return 100 if self.money else 1

    @property
    def floor_literal(self) -> str:
        """The floor in stored units."""
        return plain(self.decrement.floor * self._scale)

    @property
    def floor_text(self) -> str:
        return plain(self.decrement.floor, 2 if self.money else None)

    @property
    def unit(self) -> str:
        """The smallest quantity in stored units."""
        return plain(self.decrement.least * self._scale)

    @property
    def wide(self) -> bool:
        """Whether the limits leave room for the tests that change a quantity."""
        return self.decrement.per_record >= 6 and self.decrement.stock >= 5

    @property
    def most(self) -> int:
        """Units that one record takes at most."""
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
        return f'"{plain(value, 2)}"' if self.money else plain(value)

    def amount(self, units: int) -> str:
        """JSON of a stock that suffices for `units`."""
        return self._json(self.decrement.floor + units * self.decrement.least)

    def take(self, units: int) -> str:
        """JSON of a quantity."""
        return self._json(units * self.decrement.least)
