from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import collatz


def test_known_values() -> None:
    assert collatz(1) == [1]
    assert collatz(6) == [6, 3, 10, 5, 16, 8, 4, 2, 1]
    assert len(collatz(27)) == 112


@given(st.integers(1, 5000))
def test_every_step_follows_the_rule(start: int) -> None:
    sequence = collatz(start)
    assert sequence[0] == start
    assert sequence.index(1) == len(sequence) - 1
    for before, after in pairwise(sequence):
        assert before == 2 * after if before % 2 == 0 else before * 3 == after - 1


@given(st.integers(max_value=0))
def test_only_positive_numbers(start: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        collatz(start)
