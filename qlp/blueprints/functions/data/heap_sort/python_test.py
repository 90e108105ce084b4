from hypothesis import given
from hypothesis import strategies as st

from functions import heap_sort


@given(st.lists(st.integers(-50, 50), max_size=60))
def test_agrees_with_sorted_and_leaves_its_input(items: list[int]) -> None:
    before = list(items)
    assert heap_sort(items) == sorted(items)
    assert items == before


@given(st.lists(st.text("ab", max_size=3), max_size=30))
def test_texts(items: list[str]) -> None:
    assert heap_sort(items) == sorted(items)
