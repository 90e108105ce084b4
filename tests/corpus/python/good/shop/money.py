"""Amounts of money are whole cents."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation


def to_cents(text: str) -> int:
    """`"12.345"` -> 1235. Raises ValueError for what is no amount."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation as error:
        raise ValueError(f"not an amount: {text!r}") from error
    return int((amount * 100).quantize(Decimal("1"), rounding=ROUND_HALF_UP))


def split_evenly(cents: int, parts: int) -> list[int]:
    """Parts that differ by one cent at most and add up to the whole; the larger ones come first."""
    if parts < 1:
        raise ValueError("there must be at least one part")
    share, rest = divmod(cents, parts)
    return [share + 1 if index < rest else share for index in range(parts)]
