from itertools import compress, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import knapsack

ITEMS = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 20)), max_size=7)


def test_known_values() -> None:
    assert knapsack([(1, 1), (3, 4), (4, 5), (5, 7)], 7) == 9
    assert knapsack([], 5) == 0


@given(ITEMS, st.integers(0, 30))
def test_agrees_with_trying_all_choices(items: list[tuple[int, int]], capacity: int) -> None:
    choices = [list(compress(items, bits)) for bits in product([0, 1], repeat=len(items))]
    fitting = [chosen for chosen in choices if sum(weight for weight, _ in chosen) <= capacity]
    assert knapsack(items, capacity) == max(sum(value for _, value in c) for c in fitting)


@pytest.mark.parametrize(("item", "capacity"), [((1, 1), -1), ((-1, 1), 5), ((1, -1), 5)])
def test_negative_numbers_are_refused(item: tuple[int, int], capacity: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        knapsack([item], capacity)
