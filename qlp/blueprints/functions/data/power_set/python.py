"""Power sets."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def power_set(items: Iterable[T]) -> list[list[T]]:
    """Return all 2**n subsets, the empty one first; each keeps the order of the items."""
    subsets: list[list[T]] = [[]]
    for item in items:
        subsets += [[*subset, item] for subset in subsets]
    return subsets
