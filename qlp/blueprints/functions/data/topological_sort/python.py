"""Topological sort by Kahn's algorithm."""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def topological_sort(dependencies: Mapping[N, Iterable[N]]) -> list[N]:
    """Return all nodes so that each comes after everything it depends on.

    `dependencies[a]` lists what a needs first; nodes that only appear there are included.
    Raises ValueError when the dependencies form a cycle.
    """
    needs = {node: set(needed) for node, needed in dependencies.items()}
    needed_by: dict[N, list[N]] = {}
    for node, needed in needs.items():
        for other in needed:
            needed_by.setdefault(other, []).append(node)
    nodes = dict.fromkeys([*needs, *needed_by])
    ready = deque(node for node in nodes if not needs.get(node))
    order: list[N] = []
    while ready:
        node = ready.popleft()
        order.append(node)
        for other in needed_by.get(node, ()):
            needs[other].discard(node)
            if not needs[other]:
                ready.append(other)
    if len(order) < len(nodes):
        raise ValueError("the dependencies form a cycle")
    return order
