from __future__ import annotations

import pytest

from qlp.errors import ProviderUnavailableError
from qlp.providers.breaker import BreakerPolicy, Breakers, CircuitBreaker

pytestmark = pytest.mark.unit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker("m", BreakerPolicy(failures=2, cool_down_s=10), clock=clock)
    breaker.admit()
    breaker.failure()
    assert breaker.state == "closed"
    breaker.admit()
    breaker.failure()
    return breaker


def test_opens_after_failures_in_a_row() -> None:
    breaker = opened(Clock())
    assert breaker.state == "open"
    with pytest.raises(ProviderUnavailableError) as caught:
        breaker.admit()
    assert caught.value.extra["retry_after_s"] == 10


def test_a_success_in_between_resets_the_count() -> None:
    breaker = CircuitBreaker("m", BreakerPolicy(failures=2))
    breaker.failure()
    breaker.success()
    breaker.failure()
    assert breaker.state == "closed"


def test_half_open_lets_exactly_one_probe_through() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10
    assert breaker.state == "half_open"
    breaker.admit()
    with pytest.raises(ProviderUnavailableError):
        breaker.admit()
    breaker.success()
    assert breaker.state == "closed"
    breaker.admit()


def test_a_failed_probe_opens_for_another_cool_down() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10
    breaker.admit()
    breaker.failure()
    assert breaker.state == "open"
    clock.now = 19.9
    with pytest.raises(ProviderUnavailableError):
        breaker.admit()
    clock.now = 20
    breaker.admit()


def test_a_cancelled_probe_gives_its_slot_back() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10
    breaker.admit()
    breaker.release()
    assert breaker.state == "half_open"
    breaker.admit()


def test_one_breaker_for_each_endpoint_and_model() -> None:
    board = Breakers(BreakerPolicy(failures=1))
    board.of("http://a/v1", "m").failure()
    assert board.of("http://a/v1", "m") is board.of("http://a/v1", "m")
    assert board.of("http://b/v1", "m").state == "closed"
    assert board.states() == {"http://a/v1 m": "open", "http://b/v1 m": "closed"}


def test_callers_who_name_many_models_do_not_fill_the_memory() -> None:
    breakers = Breakers()
    down = breakers.of("http://h", "down")
    down.failure()
    for i in range(2100):
        breakers.of("http://h", str(i))
    assert len(breakers.states()) <= 2001
    assert breakers.of("http://h", "down") is down, "what is known of an outage is kept"
