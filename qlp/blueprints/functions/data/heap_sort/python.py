"""Heapsort."""

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar


class _Comparable(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Comparable)


def heap_sort(items: Iterable[T]) -> list[T]:
    """Return the items in ascending order as a new list; O(n log n), not stable."""
    heap = list(items)
    for root in reversed(range(len(heap) // 2)):
        _sift_down(heap, root, len(heap))
    for end in reversed(range(1, len(heap))):
        heap[0], heap[end] = heap[end], heap[0]
        _sift_down(heap, 0, end)
    return heap


def _sift_down(heap: list[T], root: int, end: int) -> None:
    """Restore the max-heap heap[:end] whose only misplaced item is at `root`."""
    while (child := 2 * root + 1) < end:
        if child + 1 < end and heap[child] < heap[child + 1]:
            child += 1
        if not heap[root] < heap[child]:
            return
        heap[root], heap[child] = heap[child], heap[root]
        root = child
