"""The Collatz sequence."""


def collatz(start: int) -> list[int]:
    """Return the sequence from `start` to 1: halve even numbers, map odd n to 3n + 1.

    Raises ValueError when start is below 1.
    """
    if start < 1:
        raise ValueError("start must be positive")
    sequence = [start]
    while sequence[-1] != 1:
        last = sequence[-1]
        sequence.append(last // 2 if last % 2 == 0 else 3 * last + 1)
    return sequence
