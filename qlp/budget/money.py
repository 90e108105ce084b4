"""Money in the database: whole nano-dollars in 64 bits, so that SQL adds exactly.

The cheapest token of the price table costs a few nano-dollars, so a micro-dollar would round a small call to nothing;
the largest sum is nine billion dollars.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Annotated

from pydantic import PlainSerializer

NANO = Decimal(1_000_000_000)
MOST_USD = Decimal(1_000_000_000)
"""Largest amount of one call or cap, US dollars; sums of them still fit."""

Usd = Annotated[Decimal, PlainSerializer(lambda usd: f"{usd:f}", return_type=str, when_used="json")]
"""US dollars that are shown: in JSON a string without an exponent."""


def to_nano(usd: Decimal) -> int:
    """Rounded up, so that what is held is never less than what is owed."""
    return int((min(usd, MOST_USD) * NANO).to_integral_value(ROUND_CEILING))


def to_usd(nano: int) -> Decimal:
    """Without trailing zeros."""
    usd = (Decimal(nano) / NANO).normalize()
    return usd.quantize(Decimal(1)) if usd == usd.to_integral_value() else usd


def shown(usd: Decimal) -> str:
    """`$0.0123`: four digits behind the point, more where they would say nothing."""
    if usd and abs(usd) < Decimal("0.0001"):
        return f"${usd:.9f}".rstrip("0")
    return f"${usd:.4f}"
