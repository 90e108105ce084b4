"""Prime factorisation by trial division."""


def prime_factors(n: int) -> list[int]:
    """Return the prime factors of n in ascending order, repeated by multiplicity; [] for 1.

    Raises ValueError when n is below 1.
    """
    if n < 1:
        raise ValueError("n must be positive")
    factors: list[int] = []
    divisor = 2
    while divisor * divisor <= n:
        while n % divisor == 0:
            factors.append(divisor)
            n //= divisor
        divisor += 1
    if n > 1:
        factors.append(n)
    return factors
