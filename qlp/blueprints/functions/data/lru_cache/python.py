"""A least-recently-used cache."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(Generic[K, V]):
    """Keeps up to `capacity` entries and drops the least recently used one; all in O(1)."""

    def __init__(self, capacity: int) -> None:
        """Raise ValueError when capacity is below 1."""
        if capacity < 1:
            raise ValueError("capacity must be positive")
        self._capacity = capacity
        self._entries: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: K) -> bool:
        """Tell whether the key is cached, without counting as a use."""
        return key in self._entries

    def get(self, key: K, default: V | None = None) -> V | None:
        """Return the value of the key, which becomes the most recently used, or the default."""
        if key not in self._entries:
            return default
        self._entries.move_to_end(key)
        return self._entries[key]

    def put(self, key: K, value: V) -> None:
        """Set the value of the key, which becomes the most recently used."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)
