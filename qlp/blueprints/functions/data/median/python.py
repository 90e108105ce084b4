"""Median."""

from collections.abc import Sequence


def median(numbers: Sequence[float]) -> float:
    """Return the middle of the sorted numbers, or the mean of the two middle ones.

    Raises ValueError for an empty sequence.
    """
    if not numbers:
        raise ValueError("median of no numbers")
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
