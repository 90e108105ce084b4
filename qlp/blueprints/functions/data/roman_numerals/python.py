"""Roman numerals."""

_SYMBOLS = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)


def to_roman(number: int) -> str:
    """Return the Roman numeral of a number from 1 to 3999.

    Raises ValueError outside that range.
    """
    if not 1 <= number <= 3999:
        raise ValueError("number must be from 1 to 3999")
    numeral = ""
    for value, symbol in _SYMBOLS:
        count, number = divmod(number, value)
        numeral += symbol * count
    return numeral


def from_roman(numeral: str) -> int:
    """Return the number of a Roman numeral in its usual (shortest) form; lower case is accepted.

    Raises ValueError for anything else, such as "IIII" or "IC".
    """
    text = numeral.upper()
    number, position = 0, 0
    for value, symbol in _SYMBOLS:
        while text.startswith(symbol, position):
            number += value
            position += len(symbol)
    if not 1 <= number <= 3999 or to_roman(number) != text:
        raise ValueError(f"{numeral!r} is not a Roman numeral")
    return number
