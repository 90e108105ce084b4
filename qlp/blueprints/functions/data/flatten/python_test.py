from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions import flatten

NESTED = st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=4), max_leaves=15)


def test_known_values() -> None:
    assert flatten([1, [2, [3, (4, [])]], "ab", 5]) == [1, 2, 3, 4, "ab", 5]
    assert flatten([]) == []


@given(st.lists(NESTED, max_size=4))
def test_same_numbers_in_the_order_of_the_text(items: list[Any]) -> None:
    numbers = str(items).replace("[", " ").replace("]", " ").replace(",", " ").split()
    assert flatten(items) == [int(number) for number in numbers]


def test_depth_is_no_problem() -> None:
    nested: list[Any] = [1]
    for _ in range(50_000):
        nested = [nested]
    assert flatten(nested) == [1]
