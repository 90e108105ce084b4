"""Greatest common divisor by Euclid's algorithm."""


def gcd(a: int, b: int) -> int:
    """Return the largest integer that divides both; never negative, and gcd(0, 0) is 0."""
    a, b = abs(a), abs(b)
    while b:
        a, b = b, a % b
    return a
