import math

from hypothesis import given
from hypothesis import strategies as st

from functions import lcm


def test_edges() -> None:
    assert lcm(0, 5) == lcm(5, 0) == lcm(0, 0) == 0
    assert lcm(-4, 6) == 12


@given(st.integers(1, 60), st.integers(1, 60))
def test_is_the_first_common_multiple(a: int, b: int) -> None:
    assert lcm(a, b) == next(m for m in range(1, a * b + 1) if m % a == 0 and m % b == 0)


@given(st.integers(), st.integers())
def test_product_with_the_gcd(a: int, b: int) -> None:
    assert lcm(a, b) * math.gcd(a, b) == abs(a * b)
