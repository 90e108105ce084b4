"""A singly linked list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class _Node(Generic[T]):
    def __init__(self, value: T, following: _Node[T] | None = None) -> None:
        self.value = value
        self.following = following


class LinkedList(Generic[T]):
    """A singly linked list: `prepend` and `append` in O(1), `remove` and `reverse` in O(n)."""

    def __init__(self, values: Iterable[T] = ()) -> None:
        self._head: _Node[T] | None = None
        self._tail: _Node[T] | None = None
        self._size = 0
        for value in values:
            self.append(value)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[T]:
        node = self._head
        while node is not None:
            yield node.value
            node = node.following

    def prepend(self, value: T) -> None:
        """Add a value in front."""
        self._head = _Node(value, self._head)
        if self._tail is None:
            self._tail = self._head
        self._size += 1

    def append(self, value: T) -> None:
        """Add a value at the end."""
        node = _Node(value)
        if self._tail is None:
            self._head = node
        else:
            self._tail.following = node
        self._tail = node
        self._size += 1

    def remove(self, value: T) -> bool:
        """Remove the first node with this value; return False if there is none."""
        before: _Node[T] | None = None
        node = self._head
        while node is not None and node.value != value:
            before, node = node, node.following
        if node is None:
            return False
        if before is None:
            self._head = node.following
        else:
            before.following = node.following
        if node is self._tail:
            self._tail = before
        self._size -= 1
        return True

    def reverse(self) -> None:
        """Reverse the order in place."""
        self._tail = self._head
        before: _Node[T] | None = None
        node = self._head
        while node is not None:
            node.following, before, node = before, node, node.following
        self._head = before
