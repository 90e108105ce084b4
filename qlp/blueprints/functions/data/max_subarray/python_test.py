import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import max_subarray


def test_known_values() -> None:
    assert max_subarray([-2, 1, -3, 4, -1, 2, 1, -5, 4]) == 6
    assert max_subarray([-3, -1, -2]) == -1


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=15))
def test_agrees_with_trying_all_parts(numbers: list[int]) -> None:
    size = len(numbers)
    sums = [sum(numbers[i:j]) for i in range(size) for j in range(i + 1, size + 1)]
    assert max_subarray(numbers) == max(sums)


def test_empty_is_refused() -> None:
    with pytest.raises(ValueError, match="no numbers"):
        max_subarray([])
