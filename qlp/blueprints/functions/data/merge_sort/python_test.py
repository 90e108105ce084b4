from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from functions import merge_sort


@given(st.lists(st.integers(), max_size=60))
def test_agrees_with_sorted_and_leaves_its_input(items: list[int]) -> None:
    before = list(items)
    assert merge_sort(items) == sorted(items)
    assert items == before


@given(st.lists(st.integers(0, 3), max_size=20))
def test_is_stable(keys: list[int]) -> None:
    items = [Fraction(key) for key in keys]
    assert list(map(id, merge_sort(items))) == list(map(id, sorted(items)))
