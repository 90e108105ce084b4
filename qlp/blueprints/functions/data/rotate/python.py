"""Rotation of a list."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def rotate(items: Sequence[T], places: int) -> list[T]:
    """Return the items moved right by `places`, with those that fall off put in front.

    Negative places rotate to the left; more places than items go around.
    """
    if not items:
        return []
    cut = -places % len(items)
    return [*items[cut:], *items[:cut]]
