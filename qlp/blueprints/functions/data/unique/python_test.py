from hypothesis import given
from hypothesis import strategies as st

from functions import unique


def test_known_values() -> None:
    assert unique([3, 1, 3, 2, 1]) == [3, 1, 2]
    assert unique("banana") == ["b", "a", "n"]


@given(st.lists(st.integers(0, 9), max_size=30))
def test_first_appearances_only(items: list[int]) -> None:
    assert unique(items) == [item for i, item in enumerate(items) if item not in items[:i]]
