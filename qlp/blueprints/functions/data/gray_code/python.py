"""The binary-reflected Gray code."""


def to_gray(number: int) -> int:
    """Return the Gray code of a number; neighbours differ in one bit.

    Raises ValueError when the number is negative.
    """
    if number < 0:
        raise ValueError("number must not be negative")
    return number ^ (number >> 1)


def from_gray(code: int) -> int:
    """Return the number whose Gray code is `code`.

    Raises ValueError when the code is negative.
    """
    if code < 0:
        raise ValueError("code must not be negative")
    number = 0
    while code:
        number ^= code
        code >>= 1
    return number
