import statistics

from hypothesis import given
from hypothesis import strategies as st

from functions import mode


def test_known_values() -> None:
    assert mode([]) == []
    assert mode([1, 2, 2, 3]) == [2]
    assert mode("banana") == ["a"]
    assert mode([3, 1, 3, 1, 2]) == [3, 1]


@given(st.lists(st.integers(0, 5), max_size=25))
def test_agrees_with_the_standard_library(values: list[int]) -> None:
    assert mode(values) == statistics.multimode(values)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=25))
def test_nothing_is_more_frequent(values: list[int]) -> None:
    most = {values.count(value) for value in mode(values)}
    assert most == {max(values.count(value) for value in values)}
