import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_steady_rate() -> None:
    clock = Clock()
    limiter = RateLimiter(rate=2, burst=3, clock=clock)
    assert [limiter.allow() for _ in range(4)] == [True, True, True, False]
    clock.now += 0.5
    assert [limiter.allow() for _ in range(2)] == [True, False]
    clock.now += 60
    assert [limiter.allow() for _ in range(4)] == [True, True, True, False]


# Multiples of 1/8 second and small rates are exact in floating point.
@given(st.integers(1, 4), st.integers(1, 5), st.lists(st.integers(0, 16), max_size=60))
def test_agrees_with_counting_in_eighths(rate: int, burst: int, waits: list[int]) -> None:
    clock = Clock()
    limiter = RateLimiter(rate, burst, clock)
    eighths = burst * 8
    for wait in waits:
        clock.now += wait / 8
        eighths = min(burst * 8, eighths + wait * rate)
        assert limiter.allow() == (eighths >= 8)
        if eighths >= 8:
            eighths -= 8


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_rate_and_burst_must_be_positive(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        RateLimiter(rate, burst)
