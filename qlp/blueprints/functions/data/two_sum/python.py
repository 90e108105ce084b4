"""Two sum."""

from collections.abc import Sequence


def two_sum(numbers: Sequence[int], target: int) -> tuple[int, int] | None:
    """Return places (i, j), i < j, with numbers[i] + numbers[j] == target, or None.

    The pair with the smallest j is returned, and for it the smallest i. O(n).
    """
    places: dict[int, int] = {}
    for j, number in enumerate(numbers):
        if target - number in places:
            return places[target - number], j
        places.setdefault(number, j)
    return None
