from hypothesis import given
from hypothesis import strategies as st

from functions import primes_up_to


def test_known_values() -> None:
    assert primes_up_to(1) == primes_up_to(-3) == []
    assert primes_up_to(2) == [2]
    assert primes_up_to(31) == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31]
    assert len(primes_up_to(10_000)) == 1229


@given(st.integers(-10, 400))
def test_agrees_with_counting_divisors(limit: int) -> None:
    expected = [n for n in range(2, limit + 1) if all(n % d for d in range(2, n))]
    assert primes_up_to(limit) == expected
