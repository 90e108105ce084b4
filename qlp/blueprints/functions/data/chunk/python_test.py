import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import chunk

LISTS = st.lists(st.integers(), max_size=30)


def test_known_values() -> None:
    assert chunk([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert chunk("", 3) == []


@given(LISTS, st.integers(1, 10))
def test_chunks_are_full_and_join_to_the_list(items: list[int], size: int) -> None:
    chunks = chunk(items, size)
    assert [item for part in chunks for item in part] == items
    assert all(len(part) == size for part in chunks[:-1])
    assert all(1 <= len(part) <= size for part in chunks[-1:])


@given(LISTS, st.integers(max_value=0))
def test_empty_chunks_are_refused(items: list[int], size: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        chunk(items, size)
