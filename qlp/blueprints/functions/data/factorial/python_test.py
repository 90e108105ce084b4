import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import factorial


@given(st.integers(0, 200))
def test_agrees_with_the_standard_library(n: int) -> None:
    assert factorial(n) == math.factorial(n)


@given(st.integers(1, 200))
def test_recurrence(n: int) -> None:
    assert factorial(n) == n * factorial(n - 1)


@given(st.integers(max_value=-1))
def test_negative_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        factorial(n)
