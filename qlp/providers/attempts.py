"""The tries of one request: the breaker is asked before each, and told after; between them the policy's pause."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from qlp.errors import ProviderRateLimitError
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.faults import Fault, Faulted
from qlp.providers.request_meter import METER
from qlp.providers.retry import RetryPolicy

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How a provider retries; clock, sleep and randomness are its seams."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    rng: random.Random = field(default_factory=random.Random)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Attempts:
    """For one request inside one deadline, given on the patience's clock.

    while True:
        try:
            with attempts.one():
                return await wire.ask(ask)
        except Faulted as failed:
            await attempts.pause(failed.fault)
    """

    def __init__(self, name: str, breaker: CircuitBreaker, patience: Patience, deadline: float) -> None:
        self._name = name
        self._breaker = breaker
        self._patience = patience
        self._deadline = deadline
        self._failed = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises ProviderUnavailableError while the breaker is open."""
        self._breaker.admit()
        try:
            yield
        except Faulted as failed:
            if not failed.fault.sent:
                self._breaker.release()
            elif failed.fault.outage:
                self._breaker.failure()
            else:
                self._breaker.success()
            raise
        except BaseException:
            self._breaker.release()
            raise
        else:
            self._breaker.success()

    async def pause(self, fault: Fault) -> None:
        """Returns when it is time for the next try. Raises the fault's error when there is none."""
        patience = self._patience
        meter = METER.get()
        if fault.again:
            if meter is not None:
                await meter.again(self._deadline - patience.clock())
            return
        if meter is not None and isinstance(fault.error, ProviderRateLimitError):
            await meter.limited(fault.retry_after_s)
        self._failed += 1
        if not fault.retry or self._failed >= patience.retry.attempts:
            raise fault.error from None
        delay = patience.retry.delay(self._failed, fault.retry_after_s, patience.rng)
        if patience.clock() + delay >= self._deadline:
            raise fault.error from None
        logger.info("%s: try %d in %.2f s: %s", self._name, self._failed + 1, delay, fault.error.code)
        await patience.sleep(delay)
        if meter is not None:
            await meter.again(self._deadline - patience.clock())
