"""Bubble sort."""

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar


class _Comparable(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Comparable)


def bubble_sort(items: Iterable[T]) -> list[T]:
    """Return the items in ascending order as a new list; equal items keep their order."""
    result = list(items)
    end = len(result)
    while end > 1:
        last_swap = 0
        for i in range(1, end):
            if result[i] < result[i - 1]:
                result[i - 1], result[i] = result[i], result[i - 1]
                last_swap = i
        end = last_swap
    return result
