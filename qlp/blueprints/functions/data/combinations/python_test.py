import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import combinations


def test_known_values() -> None:
    assert combinations("abc", 2) == [["a", "b"], ["a", "c"], ["b", "c"]]
    assert combinations([1, 2], 0) == [[]]
    assert combinations([1, 2], 3) == []


@given(st.lists(st.integers(), max_size=7), st.integers(0, 8))
def test_agrees_with_itertools(items: list[int], size: int) -> None:
    assert combinations(items, size) == [list(c) for c in itertools.combinations(items, size)]


@given(st.integers(max_value=-1))
def test_negative_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        combinations([1, 2, 3], size)
