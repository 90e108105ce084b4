import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import moving_average

NUMBERS = st.lists(st.integers(-1000, 1000), max_size=20)


def test_known_values() -> None:
    assert moving_average([1, 2, 3, 4], 2) == [1.5, 2.5, 3.5]
    assert moving_average([1, 2], 3) == []


@given(NUMBERS, st.integers(1, 8))
def test_every_window_has_its_mean(numbers: list[int], window: int) -> None:
    averages = moving_average(numbers, window)
    assert len(averages) == max(len(numbers) - window + 1, 0)
    for start, average in enumerate(averages):
        assert average == pytest.approx(statistics.fmean(numbers[start:][:window]))


@given(NUMBERS, st.integers(max_value=0))
def test_empty_windows_are_refused(numbers: list[int], window: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        moving_average(numbers, window)
