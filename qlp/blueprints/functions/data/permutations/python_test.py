import itertools

from hypothesis import given
from hypothesis import strategies as st

from functions import permutations


def test_known_values() -> None:
    assert permutations([]) == [[]]
    assert permutations("ab") == [["a", "b"], ["b", "a"]]


@given(st.lists(st.integers(0, 5), max_size=5))
def test_agrees_with_itertools(items: list[int]) -> None:
    assert permutations(items) == [list(p) for p in itertools.permutations(items)]
