"""The sieve of Eratosthenes."""


def primes_up_to(limit: int) -> list[int]:
    """Return all primes <= limit in ascending order; empty when limit is below 2."""
    if limit < 2:
        return []
    composite = bytearray(limit + 1)
    primes: list[int] = []
    for number in range(2, limit + 1):
        if composite[number]:
            continue
        primes.append(number)
        for multiple in range(number * number, limit + 1, number):
            composite[multiple] = 1
    return primes
