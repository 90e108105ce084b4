"""Least common multiple."""


def lcm(a: int, b: int) -> int:
    """Return the smallest positive integer that both divide; 0 when either is 0."""
    a, b = abs(a), abs(b)
    if a == 0 or b == 0:
        return 0
    divisor, rest = a, b
    while rest:
        divisor, rest = rest, divisor % rest
    return a // divisor * b
