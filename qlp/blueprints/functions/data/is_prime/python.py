"""Primality by trial division."""

import math


def is_prime(n: int) -> bool:
    """Return True if n is a prime number; numbers below 2 are not."""
    if n < 2:
        return False
    if n % 2 == 0:
        return n == 2
    return all(n % divisor for divisor in range(3, math.isqrt(n) + 1, 2))
