import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import fibonacci, fibonacci_sequence


def test_known_values() -> None:
    assert [fibonacci(n) for n in range(10)] == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
    assert fibonacci(100) == 354224848179261915075


@given(st.integers(1, 300))
def test_cassini_identity(n: int) -> None:
    assert fibonacci(n - 1) * fibonacci(n + 1) - fibonacci(n) ** 2 == (-1) ** n


@given(st.integers(0, 200))
def test_sequence_lists_the_single_numbers(count: int) -> None:
    assert fibonacci_sequence(count) == [fibonacci(n) for n in range(count)]


@given(st.integers(max_value=-1))
def test_negative_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        fibonacci(n)
    with pytest.raises(ValueError, match="negative"):
        fibonacci_sequence(n)
