from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from functions import bubble_sort


@given(st.lists(st.integers(-20, 20), max_size=25))
def test_agrees_with_sorted_and_leaves_its_input(items: list[int]) -> None:
    before = list(items)
    assert bubble_sort(items) == sorted(items)
    assert items == before


@given(st.lists(st.integers(0, 3), max_size=20))
def test_is_stable(keys: list[int]) -> None:
    # 1 and Fraction(1) are equal but not the same object: identity shows the order.
    items = [Fraction(key) for key in keys]
    assert list(map(id, bubble_sort(items))) == list(map(id, sorted(items)))
