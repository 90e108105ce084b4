"""Factorials, exact for any size."""


def factorial(n: int) -> int:
    """Return n! = 1 * 2 * ... * n, and 1 for n = 0.

    Raises ValueError when n is negative.
    """
    if n < 0:
        raise ValueError("n must not be negative")
    product = 1
    for factor in range(2, n + 1):
        product *= factor
    return product
