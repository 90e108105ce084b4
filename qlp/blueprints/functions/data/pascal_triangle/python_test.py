import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import pascal_triangle


@given(st.integers(0, 30))
def test_entries_are_binomial_coefficients(rows: int) -> None:
    expected = [[math.comb(n, k) for k in range(n + 1)] for n in range(rows)]
    assert pascal_triangle(rows) == expected


@given(st.integers(max_value=-1))
def test_negative_is_refused(rows: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        pascal_triangle(rows)
