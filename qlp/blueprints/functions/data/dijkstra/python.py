"""Shortest paths by Dijkstra's algorithm."""

from collections.abc import Hashable, Mapping
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def dijkstra(graph: Mapping[N, Mapping[N, float]], source: N) -> dict[N, float]:
    """Return the length of the shortest path from `source` to each node that it reaches.

    `graph[a][b]` is the weight of the edge from a to b; nodes without edges may be left out.
    Raises ValueError for a negative weight.
    """
    distances: dict[N, float] = {}
    ties = count()  # nodes need not be comparable
    waiting: list[tuple[float, int, N]] = [(0, next(ties), source)]
    while waiting:
        distance, _, node = heappop(waiting)
        if node in distances:
            continue
        distances[node] = distance
        for neighbour, weight in graph.get(node, {}).items():
            if weight < 0:
                raise ValueError("weights must not be negative")
            heappush(waiting, (distance + weight, next(ties), neighbour))
    return distances
