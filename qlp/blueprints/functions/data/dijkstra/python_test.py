import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import dijkstra

NODES = st.integers(0, 6)
GRAPHS = st.dictionaries(NODES, st.dictionaries(NODES, st.integers(0, 9), max_size=4))


def test_known_graph() -> None:
    graph = {"a": {"b": 1, "c": 4}, "b": {"c": 2, "d": 6}, "c": {"d": 3}, "e": {"a": 1}}
    assert dijkstra(graph, "a") == {"a": 0, "b": 1, "c": 3, "d": 6}


def test_nodes_need_not_be_comparable() -> None:
    graph: dict[object, dict[object, int]] = {"a": {1: 2, "b": 2, None: 2}}
    assert dijkstra(graph, "a") == {"a": 0, 1: 2, "b": 2, None: 2}


@given(GRAPHS, NODES)
def test_agrees_with_bellman_ford(graph: dict[int, dict[int, int]], source: int) -> None:
    distances = {source: 0}
    for _ in range(7):
        for node, edges in graph.items():
            for neighbour, weight in edges.items():
                if node in distances:
                    length = distances[node] + weight
                    distances[neighbour] = min(distances.get(neighbour, length), length)
    assert dijkstra(graph, source) == distances


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        dijkstra({"a": {"b": -1}}, "a")
