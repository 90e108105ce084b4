"""Maximum subarray sum by Kadane's algorithm."""

from collections.abc import Sequence


def max_subarray(numbers: Sequence[int]) -> int:
    """Return the largest sum of one or more neighbouring numbers. O(n).

    Raises ValueError for an empty sequence.
    """
    if not numbers:
        raise ValueError("no numbers")
    best = ending_here = numbers[0]
    for number in numbers[1:]:
        ending_here = max(number, ending_here + number)
        best = max(best, ending_here)
    return best
