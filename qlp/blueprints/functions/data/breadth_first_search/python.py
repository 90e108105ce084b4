"""Breadth-first search."""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def breadth_first_search(graph: Mapping[N, Iterable[N]], start: N, goal: N) -> list[N] | None:
    """Return a path with the fewest edges from start to goal, both included, or None.

    `graph[a]` lists the nodes to which an edge leads from a.
    """
    came_from: dict[N, N | None] = {start: None}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        if node == goal:
            break
        for neighbour in graph.get(node, ()):
            if neighbour not in came_from:
                came_from[neighbour] = node
                waiting.append(neighbour)
    if goal not in came_from:
        return None
    path = [goal]
    while (before := came_from[path[-1]]) is not None:
        path.append(before)
    return path[::-1]
