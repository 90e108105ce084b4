from hypothesis import given
from hypothesis import strategies as st

from functions import UnionFind

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20)


@given(PAIRS)
def test_random_unions_agree_with_labels(pairs: list[tuple[int, int]]) -> None:
    sets = UnionFind(10)
    label = list(range(10))
    for a, b in pairs:
        assert sets.union(a, b) == (label[a] != label[b])
        label = [label[a] if x == label[b] else x for x in label]
        assert sets.count == len(set(label))
    for i in range(10):
        assert sets.set_size(i) == label.count(label[i])
        for j in range(10):
            assert sets.connected(i, j) == (label[i] == label[j])


def test_paths_stay_short() -> None:
    sets = UnionFind(1000)
    for element in range(999):
        sets.union(element + 1, element)
    assert sets.set_size(0) == 1000
    assert len({sets.find(element) for element in range(1000)}) == 1
