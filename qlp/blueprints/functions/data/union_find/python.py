"""Disjoint sets."""


class UnionFind:
    """The elements 0..size-1 in disjoint sets; union by size and path halving, almost O(1)."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))
        self._size = [1] * size
        self.count = size
        """Number of sets."""

    def find(self, element: int) -> int:
        """Return the representative of the element's set."""
        while self._parent[element] != element:
            self._parent[element] = self._parent[self._parent[element]]
            element = self._parent[element]
        return element

    def union(self, first: int, second: int) -> bool:
        """Join two sets; return False if they were one already."""
        small, large = sorted((self.find(first), self.find(second)), key=self._size.__getitem__)
        if small == large:
            return False
        self._parent[small] = large
        self._size[large] += self._size[small]
        self.count -= 1
        return True

    def connected(self, first: int, second: int) -> bool:
        """Return True if both elements are in one set."""
        return self.find(first) == self.find(second)

    def set_size(self, element: int) -> int:
        """Return the number of elements in the element's set."""
        return self._size[self.find(element)]
