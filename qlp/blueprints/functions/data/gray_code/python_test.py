import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import from_gray, to_gray

NUMBERS = st.integers(0, 2**70)


def test_known_values() -> None:
    assert [to_gray(n) for n in range(8)] == [0, 1, 3, 2, 6, 7, 5, 4]


@given(NUMBERS)
def test_neighbours_differ_in_one_bit(number: int) -> None:
    assert (to_gray(number) ^ to_gray(number + 1)).bit_count() == 1


@given(NUMBERS)
def test_both_ways(number: int) -> None:
    assert from_gray(to_gray(number)) == number
    assert to_gray(from_gray(number)) == number


def test_negative_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        to_gray(-1)
    with pytest.raises(ValueError, match="negative"):
        from_gray(-1)
