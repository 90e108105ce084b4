"""Fibonacci numbers, exact for any index."""


def fibonacci(n: int) -> int:
    """Return F(n), where F(0) = 0 and F(1) = 1.

    Raises ValueError when n is negative.
    """
    if n < 0:
        raise ValueError("n must not be negative")
    current, following = 0, 1
    for _ in range(n):
        current, following = following, current + following
    return current


def fibonacci_sequence(count: int) -> list[int]:
    """Return the first `count` Fibonacci numbers: [0, 1, 1, 2, 3, ...].

    Raises ValueError when count is negative.
    """
    if count < 0:
        raise ValueError("count must not be negative")
    numbers: list[int] = []
    current, following = 0, 1
    for _ in range(count):
        numbers.append(current)
        current, following = following, current + following
    return numbers
