"""Distinct items."""

from collections.abc import Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def unique(items: Iterable[T]) -> list[T]:
    """Return the distinct items in the order of their first appearance."""
    return list(dict.fromkeys(items))
