import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import prime_factors


def test_known_values() -> None:
    assert prime_factors(1) == []
    assert prime_factors(360) == [2, 2, 2, 3, 3, 5]


@given(st.integers(1, 20_000))
def test_factors_are_sorted_primes_with_the_right_product(n: int) -> None:
    factors = prime_factors(n)
    assert math.prod(factors) == n
    assert factors == sorted(factors)
    assert all(p > 1 and all(p % d for d in range(2, math.isqrt(p) + 1)) for p in factors)


@given(st.integers(max_value=0))
def test_only_positive_numbers(n: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        prime_factors(n)
