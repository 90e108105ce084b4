"""Quicksort."""

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar


class _Comparable(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Comparable)


def quick_sort(items: Iterable[T]) -> list[T]:
    """Return the items in ascending order as a new list.

    Three-way partition around the middle item. The smaller part is sorted first, so that no more
    than O(log n) parts wait.
    """
    result = list(items)
    parts = [(0, len(result))]
    while parts:
        start, end = parts.pop()
        if end - start < 2:
            continue
        pivot = result[(start + end) // 2]
        # result[start:low] < pivot, result[low:i] equal, result[high:end] > pivot
        low, i, high = start, start, end
        while i < high:
            if result[i] < pivot:
                result[low], result[i] = result[i], result[low]
                low, i = low + 1, i + 1
            elif pivot < result[i]:
                high -= 1
                result[i], result[high] = result[high], result[i]
            else:
                i += 1
        parts += sorted([(start, low), (high, end)], key=lambda part: part[0] - part[1])
    return result
