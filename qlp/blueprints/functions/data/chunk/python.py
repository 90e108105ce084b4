"""Chunks of a list."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def chunk(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Return consecutive slices of `size` items; the last one may be shorter.

    Raises ValueError when size is below 1.
    """
    if size < 1:
        raise ValueError("size must be positive")
    return [items[start : start + size] for start in range(0, len(items), size)]
