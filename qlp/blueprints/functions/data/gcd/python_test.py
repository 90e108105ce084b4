from hypothesis import given
from hypothesis import strategies as st

from functions import gcd

SMALL = st.integers(-200, 200)


def test_edges() -> None:
    assert gcd(0, 0) == 0
    assert gcd(0, -7) == 7
    assert gcd(54, 24) == 6


@given(SMALL.filter(bool), SMALL)
def test_is_the_largest_common_divisor(a: int, b: int) -> None:
    common = [d for d in range(1, abs(a) + 1) if a % d == 0 and b % d == 0]
    assert gcd(a, b) == max(common)


@given(st.integers(), st.integers(), st.integers(1, 1000))
def test_scales_with_a_common_factor(a: int, b: int, k: int) -> None:
    assert gcd(a * k, b * k) == k * gcd(a, b)
    assert gcd(a, b) == gcd(b, a) >= 0
