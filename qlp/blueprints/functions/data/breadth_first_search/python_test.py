from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from functions import breadth_first_search

NODES = st.integers(0, 7)
GRAPHS = st.dictionaries(NODES, st.lists(NODES, max_size=3))


def test_known_graph() -> None:
    graph = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e"]}
    assert breadth_first_search(graph, "a", "e") == ["a", "b", "d", "e"]
    assert breadth_first_search(graph, "e", "a") is None
    assert breadth_first_search(graph, "z", "z") == ["z"]


@given(GRAPHS, NODES, NODES)
def test_path_is_real_and_as_short_as_can_be(
    graph: dict[int, list[int]], start: int, goal: int
) -> None:
    path = breadth_first_search(graph, start, goal)
    layer, steps, fewest = {start}, 0, None
    while steps <= 8 and fewest is None:
        fewest = steps if goal in layer else None
        layer = layer | {b for a in layer for b in graph.get(a, [])}
        steps += 1
    if path is None:
        assert fewest is None
    else:
        assert (path[0], path[-1], len(path) - 1) == (start, goal, fewest)
        assert all(b in graph[a] for a, b in pairwise(path))
