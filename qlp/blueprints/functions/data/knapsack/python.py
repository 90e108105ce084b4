"""The 0/1 knapsack problem."""

from collections.abc import Iterable


def knapsack(items: Iterable[tuple[int, int]], capacity: int) -> int:
    """Return the largest total value of (weight, value) items that fit the capacity.

    Each item is used at most once. Dynamic programming, O(items * capacity).
    Raises ValueError for a negative weight, value or capacity.
    """
    if capacity < 0:
        raise ValueError("capacity must not be negative")
    best = [0] * (capacity + 1)
    for weight, value in items:
        if weight < 0 or value < 0:
            raise ValueError("weights and values must not be negative")
        for room in range(capacity, weight - 1, -1):
            best[room] = max(best[room], best[room - weight] + value)
    return best[capacity]
