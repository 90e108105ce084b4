import itertools

from hypothesis import given
from hypothesis import strategies as st

from functions import power_set


def test_known_values() -> None:
    assert power_set([]) == [[]]
    assert power_set([1, 2]) == [[], [1], [2], [1, 2]]


@given(st.lists(st.integers(), max_size=7))
def test_agrees_with_the_combinations_of_all_sizes(items: list[int]) -> None:
    expected = [
        list(chosen)
        for size in range(len(items) + 1)
        for chosen in itertools.combinations(items, size)
    ]
    assert sorted(power_set(items)) == sorted(expected)
