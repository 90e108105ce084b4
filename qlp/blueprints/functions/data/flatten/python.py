"""Flattening of nested lists."""

from collections.abc import Iterable
from typing import Any


def flatten(items: Iterable[Any]) -> list[Any]:
    """Return all items of arbitrarily nested lists and tuples in one flat list, in order.

    Works without recursion, so the depth is limited by memory only.
    """
    flat: list[Any] = []
    open_lists = [iter(items)]
    while open_lists:
        for item in open_lists[-1]:
            if isinstance(item, list | tuple):
                open_lists.append(iter(item))
                break
            flat.append(item)
        else:
            open_lists.pop()
    return flat
