"""A priority queue on a binary heap."""

from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


class PriorityQueue(Generic[T]):
    """`pop` gives the item of the smallest priority; equal priorities in order of arrival."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._arrivals = count()

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, item: T, priority: float) -> None:
        """Add an item. O(log n)."""
        heappush(self._heap, (priority, next(self._arrivals), item))

    def pop(self) -> T:
        """Remove and return the first item. O(log n).

        Raises IndexError when the queue is empty.
        """
        if not self._heap:
            raise IndexError("pop from an empty priority queue")
        return heappop(self._heap)[2]

    def peek(self) -> T:
        """Return the first item and leave it there.

        Raises IndexError when the queue is empty.
        """
        if not self._heap:
            raise IndexError("peek into an empty priority queue")
        return self._heap[0][2]
