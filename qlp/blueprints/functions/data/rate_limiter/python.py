"""A token-bucket rate limiter."""

import time
from collections.abc import Callable


class RateLimiter:
    """Allows `rate` calls a second on average, and up to `burst` at once.

    `clock` returns seconds and never goes back; tests inject their own.
    """

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Raise ValueError unless rate and burst are positive."""
        if rate <= 0 or burst < 1:
            raise ValueError("rate and burst must be positive")
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._updated = clock()

    def allow(self) -> bool:
        """Take a token and return True, or return False when there is none."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._updated) * self._rate)
        self._updated = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
