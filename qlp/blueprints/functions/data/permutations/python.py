"""Permutations."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def permutations(items: Sequence[T]) -> list[list[T]]:
    """Return all orders of the items, in the lexicographic order of their places.

    There are n! of them; equal items at different places count as different.
    """
    if not items:
        return [[]]
    return [
        [first, *rest]
        for place, first in enumerate(items)
        for rest in permutations([*items[:place], *items[place + 1 :]])
    ]
