from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from functions import rotate


def test_known_values() -> None:
    assert rotate([1, 2, 3, 4, 5], 2) == [4, 5, 1, 2, 3]
    assert rotate([1, 2, 3], -1) == [2, 3, 1]
    assert rotate([], 3) == []


@given(st.lists(st.integers(), max_size=20), st.integers(-100, 100))
def test_agrees_with_a_deque(items: list[int], places: int) -> None:
    expected = deque(items)
    expected.rotate(places)
    assert rotate(items, places) == list(expected)
