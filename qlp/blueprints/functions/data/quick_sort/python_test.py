from hypothesis import given
from hypothesis import strategies as st

from functions import quick_sort


@given(st.lists(st.integers(-50, 50), max_size=60))
def test_agrees_with_sorted_and_leaves_its_input(items: list[int]) -> None:
    before = list(items)
    assert quick_sort(items) == sorted(items)
    assert items == before


@given(st.lists(st.text("ab", max_size=3), max_size=30))
def test_texts(items: list[str]) -> None:
    assert quick_sort(items) == sorted(items)


def test_sorted_equal_and_descending_input_stays_fast() -> None:
    for items in (list(range(20_000)), [7] * 20_000, list(range(20_000, 0, -1))):
        comparisons = 0

        class Counted(int):
            def __lt__(self, other: int) -> bool:
                nonlocal comparisons
                comparisons += 1
                return int(self) < int(other)

        assert quick_sort(map(Counted, items)) == sorted(items)
        assert comparisons < 2_000_000
