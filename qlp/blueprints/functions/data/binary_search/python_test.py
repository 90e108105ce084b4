from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions import binary_search

SORTED = st.lists(st.integers(-20, 20), max_size=30).map(sorted)


@given(SORTED, st.integers(-22, 22))
def test_agrees_with_linear_search(items: list[int], target: int) -> None:
    expected = items.index(target) if target in items else -1
    assert binary_search(items, target) == expected


def test_looks_at_few_items() -> None:
    looked_at = []

    class Spy(list[int]):
        def __getitem__(self, index: Any) -> Any:
            looked_at.append(index)
            return super().__getitem__(index)

    assert binary_search(Spy(range(1000)), 700) == 700
    assert len(looked_at) <= 11


def test_other_types() -> None:
    assert binary_search(["ant", "bee", "cow"], "bee") == 1
    assert binary_search([], 1) == -1
