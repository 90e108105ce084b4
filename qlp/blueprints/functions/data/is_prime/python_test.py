from hypothesis import given
from hypothesis import strategies as st

from functions import is_prime


def test_known_values() -> None:
    assert [n for n in range(-5, 32) if is_prime(n)] == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31]
    assert is_prime(2_147_483_647)


@given(st.integers(-100, 3000))
def test_agrees_with_counting_divisors(n: int) -> None:
    assert is_prime(n) == (sum(n % d == 0 for d in range(1, n + 1)) == 2)


@given(st.integers(2, 2000), st.integers(2, 2000))
def test_products_are_not_prime(a: int, b: int) -> None:
    assert not is_prime(a * b)
