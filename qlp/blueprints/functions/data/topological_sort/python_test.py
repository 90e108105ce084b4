import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import topological_sort

NODES = st.integers(0, 8)


def test_known_graph() -> None:
    assert topological_sort({"shoes": ["socks", "trousers"], "trousers": ["socks"]}) == [
        "socks",
        "trousers",
        "shoes",
    ]


@given(st.lists(st.tuples(NODES, NODES)), st.permutations(range(9)))
def test_everything_comes_after_its_needs(pairs: list[tuple[int, int]], names: list[int]) -> None:
    # Needs that always point to smaller numbers have no cycle, whatever the names are.
    graph: dict[int, list[int]] = {names[n]: [] for n in range(9)}
    for a, b in pairs:
        if a != b:
            graph[names[max(a, b)]].append(names[min(a, b)])
    order = topological_sort(graph)
    assert sorted(order) == list(range(9))
    assert all(order.index(need) < order.index(node) for node in graph for need in graph[node])


@given(st.integers(1, 9), st.lists(st.tuples(NODES, NODES)))
def test_cycles_are_refused(length: int, pairs: list[tuple[int, int]]) -> None:
    graph = {node: [(node + 1) % length] for node in range(length)}
    for a, b in pairs:
        graph.setdefault(a, []).append(b)
    with pytest.raises(ValueError, match="cycle"):
        topological_sort(graph)
