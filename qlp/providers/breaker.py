"""Circuit breaker: stop calling a model that is down, and find out cheaply when it is back.

closed -> open after `failures` outages in a row; open -> half-open after `cool_down_s`; half-open lets one call
through: success closes, failure opens again. Only outages count (no connection, 5xx, time-out): a refused key or a
bad answer proves that the endpoint is alive.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from qlp.errors import ProviderUnavailableError
from qlp.models._base import Frozen

BreakerState = Literal["closed", "open", "half_open"]


class BreakerPolicy(Frozen):
    failures: int = 5
    """Outages in a row that open the breaker."""
    cool_down_s: float = 30.0
    """Seconds that it stays open before one call may probe."""


class BreakerReport(Frozen):
    """One breaker, for status pages."""

    endpoint: str
    model: str
    state: BreakerState
    failures: int
    """Outages in a row."""
    open_for_s: float
    """Seconds until the next call may probe; 0 unless open."""


_MOST = 2000
"""Breakers that are kept: callers of the OpenAI API choose the names of models."""


class CircuitBreaker:
    """One breaker for one model at one endpoint. Not thread-safe: used from one event loop."""

    def __init__(
        self, name: str, policy: BreakerPolicy | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self._policy = policy or BreakerPolicy()
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def state(self) -> BreakerState:
        if self._opened_at is None:
            return "closed"
        return "half_open" if self._clock() - self._opened_at >= self._policy.cool_down_s else "open"

    @property
    def failures(self) -> int:
        """Outages in a row."""
        return self._failures

    @property
    def open_for_s(self) -> float:
        """Seconds until the next call may probe; 0 unless open."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._policy.cool_down_s - (self._clock() - self._opened_at))

    @property
    def cool_down_s(self) -> float:
        return self._policy.cool_down_s

    def admit(self) -> None:
        """Ask before a call; every admitted call reports `success`, `failure` or `release`.

        Raises ProviderUnavailableError while open, and while another call is probing.
        """
        if self._opened_at is None:
            return
        wait = self._policy.cool_down_s - (self._clock() - self._opened_at)
        if wait > 0 or self._probing:
            raise ProviderUnavailableError(
                f"{self.name} failed {self._failures} times in a row; next try in {max(wait, 0):.0f} s",
                reason="breaker_open",
                retry_after_s=round(max(wait, 0), 1),
            )
        self._probing = True

    def success(self) -> None:
        self._failures = 0
        self._opened_at = None
        self._probing = False

    def failure(self) -> None:
        self._failures += 1
        if self._failures >= self._policy.failures:
            self._opened_at = self._clock()
        self._probing = False

    def release(self) -> None:
        """The call ended without saying anything about the endpoint (cancelled)."""
        self._probing = False


class Breakers:
    """The breakers of one process, by endpoint and model."""

    def __init__(self, policy: BreakerPolicy | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy or BreakerPolicy()
        self._clock = clock
        self._by_key: dict[tuple[str, str], CircuitBreaker] = {}

    def of(self, base_url: str, model: str) -> CircuitBreaker:
        key = (base_url, model)
        found = self._by_key.get(key)
        if found is None:
            found = self._by_key[key] = CircuitBreaker(model, self._policy, clock=self._clock)
            self._forget()
        return found

    def _forget(self) -> None:
        """The oldest that know of no failure, when there are too many."""
        idle = [key for key, breaker in self._by_key.items() if not breaker.failures]
        for key in idle[: max(0, len(self._by_key) - _MOST)]:
            del self._by_key[key]

    def states(self) -> dict[str, BreakerState]:
        """`<base_url> <model>` -> state, for status pages."""
        return {f"{url} {model}": breaker.state for (url, model), breaker in self._by_key.items()}

    def report(self) -> tuple[BreakerReport, ...]:
        """All breakers of this process; calls/breaker_board.py knows those that other processes opened."""
        return tuple(
            BreakerReport(
                endpoint=url,
                model=model,
                state=breaker.state,
                failures=breaker.failures,
                open_for_s=round(breaker.open_for_s, 1),
            )
            for (url, model), breaker in self._by_key.items()
        )
