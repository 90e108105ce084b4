"""A binary search tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar


class _Comparable(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


K = TypeVar("K", bound=_Comparable)


class _Node(Generic[K]):
    def __init__(self, key: K) -> None:
        self.key = key
        self.left: _Node[K] | None = None
        self.right: _Node[K] | None = None


class BinarySearchTree(Generic[K]):
    """Distinct keys in order. Operations take O(height); the tree does not balance itself."""

    def __init__(self) -> None:
        self._root: _Node[K] | None = None
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[K]:
        """Yield the keys in ascending order."""
        path: list[_Node[K]] = []
        node = self._root
        while path or node is not None:
            while node is not None:
                path.append(node)
                node = node.left
            node = path.pop()
            yield node.key
            node = node.right

    def __contains__(self, key: K) -> bool:
        return self._find(key)[1] is not None

    def insert(self, key: K) -> bool:
        """Add a key; return False if it was there already."""
        parent, node = self._find(key)
        if node is not None:
            return False
        self._replace(parent, key, _Node(key))
        self._size += 1
        return True

    def remove(self, key: K) -> bool:
        """Remove a key; return False if it was not there."""
        parent, node = self._find(key)
        if node is None:
            return False
        if node.left is not None and node.right is not None:
            # Two children: the smallest key of the right part takes this place.
            parent, successor = node, node.right
            while successor.left is not None:
                parent, successor = successor, successor.left
            key, node.key = successor.key, successor.key
            if parent is node:
                node.right = successor.right
            else:
                parent.left = successor.right
        else:
            self._replace(parent, key, node.left if node.right is None else node.right)
        self._size -= 1
        return True

    def _find(self, key: K) -> tuple[_Node[K] | None, _Node[K] | None]:
        """Return the node of the key (None if missing) and the last node above it."""
        parent: _Node[K] | None = None
        node = self._root
        while node is not None:
            if key < node.key:
                parent, node = node, node.left
            elif node.key < key:
                parent, node = node, node.right
            else:
                break
        return parent, node

    def _replace(self, parent: _Node[K] | None, key: K, child: _Node[K] | None) -> None:
        if parent is None:
            self._root = child
        elif key < parent.key:
            parent.left = child
        else:
            parent.right = child
