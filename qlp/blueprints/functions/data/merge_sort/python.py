"""Merge sort."""

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar


class _Comparable(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Comparable)


def merge_sort(items: Iterable[T]) -> list[T]:
    """Return the items in ascending order as a new list; stable, O(n log n)."""
    result = list(items)
    if len(result) < 2:
        return result
    middle = len(result) // 2
    return _merged(merge_sort(result[:middle]), merge_sort(result[middle:]))


def _merged(left: list[T], right: list[T]) -> list[T]:
    merged: list[T] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if right[j] < left[i]:
            merged.append(right[j])
            j += 1
        else:
            merged.append(left[i])
            i += 1
    return merged + left[i:] + right[j:]
