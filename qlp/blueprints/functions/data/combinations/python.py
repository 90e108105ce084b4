"""Combinations."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def combinations(items: Sequence[T], size: int) -> list[list[T]]:
    """Return all ways to choose `size` items, keeping their order; in lexicographic order of places.

    Raises ValueError when size is negative.
    """
    if size < 0:
        raise ValueError("size must not be negative")
    if size == 0:
        return [[]]
    return [
        [first, *rest]
        for place, first in enumerate(items)
        for rest in combinations(items[place + 1 :], size - 1)
    ]
