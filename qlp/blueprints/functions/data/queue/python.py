"""A first-in, first-out queue."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Queue(Generic[T]):
    """A queue: `enqueue` adds at the end, `dequeue` takes from the front; both in O(1)."""

    def __init__(self) -> None:
        self._items: deque[T] = deque()

    def __len__(self) -> int:
        return len(self._items)

    def enqueue(self, item: T) -> None:
        """Add an item at the end."""
        self._items.append(item)

    def dequeue(self) -> T:
        """Take the first item off and return it.

        Raises IndexError when the queue is empty.
        """
        if not self._items:
            raise IndexError("dequeue from an empty queue")
        return self._items.popleft()

    def peek(self) -> T:
        """Return the first item and leave it there.

        Raises IndexError when the queue is empty.
        """
        if not self._items:
            raise IndexError("peek into an empty queue")
        return self._items[0]
