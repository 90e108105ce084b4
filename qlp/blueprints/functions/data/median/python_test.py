import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import median

NUMBERS = st.lists(st.integers(-1000, 1000), min_size=1, max_size=30)


def test_known_values() -> None:
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 3, 2]) == 2.5


@given(NUMBERS)
def test_agrees_with_the_standard_library(numbers: list[int]) -> None:
    before = list(numbers)
    assert median(numbers) == statistics.median(numbers)
    assert numbers == before


def test_empty_is_refused() -> None:
    with pytest.raises(ValueError, match="no numbers"):
        median([])
