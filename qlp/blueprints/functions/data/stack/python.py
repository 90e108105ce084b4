"""A last-in, first-out stack."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Stack(Generic[T]):
    """A stack: `push` puts an item on top, `pop` takes the top item off."""

    def __init__(self) -> None:
        self._items: list[T] = []

    def __len__(self) -> int:
        return len(self._items)

    def push(self, item: T) -> None:
        """Put an item on top."""
        self._items.append(item)

    def pop(self) -> T:
        """Take the top item off and return it.

        Raises IndexError when the stack is empty.
        """
        if not self._items:
            raise IndexError("pop from an empty stack")
        return self._items.pop()

    def peek(self) -> T:
        """Return the top item and leave it there.

        Raises IndexError when the stack is empty.
        """
        if not self._items:
            raise IndexError("peek into an empty stack")
        return self._items[-1]
