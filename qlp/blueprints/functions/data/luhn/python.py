"""The Luhn checksum (ISO/IEC 7812-1)."""


def luhn(number: str) -> bool:
    """Return True if the digits carry a valid Luhn check digit.

    Spaces and hyphens are ignored; any other character, or fewer than two digits, gives False.
    """
    digits = number.replace(" ", "").replace("-", "")
    if len(digits) < 2 or not (digits.isascii() and digits.isdigit()):
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit)
        if position % 2 == 1:
            value *= 2
            if value > 9:
                value -= 9
        total += value
    return total % 10 == 0
