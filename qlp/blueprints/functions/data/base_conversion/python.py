"""Integers in other bases."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _check(base: int) -> None:
    if not 2 <= base <= len(_DIGITS):
        raise ValueError("base must be from 2 to 36")


def to_base(number: int, base: int) -> str:
    """Return the number in the given base, with digits 0-9 and a-z and a leading minus sign.

    Raises ValueError when the base is not from 2 to 36.
    """
    _check(base)
    rest, digits = abs(number), ""
    while rest:
        rest, digit = divmod(rest, base)
        digits = _DIGITS[digit] + digits
    return ("-" if number < 0 else "") + (digits or "0")


def from_base(text: str, base: int) -> int:
    """Return the number that `to_base` wrote; capital letters are accepted too.

    Raises ValueError when the base is not from 2 to 36 or the text is not a number in it.
    """
    _check(base)
    digits = text.removeprefix("-")
    if not digits:
        raise ValueError("no digits")
    number = 0
    for character in digits.lower():
        digit = _DIGITS.find(character)
        if not 0 <= digit < base:
            raise ValueError(f"{character!r} is no digit in base {base}")
        number = number * base + digit
    return -number if text.startswith("-") else number
