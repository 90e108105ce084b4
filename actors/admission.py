"""A bounded queue in front of bounded work: who comes when both are full is told when to come again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from qlp.errors import OverloadedError

_FIRST_GUESS_S = 10.0
_WEIGHT = 0.2
"""Of the newest duration in the running mean."""
_MOST_RETRY_S = 120


class Admission:
    """`slots` at work, `queue` waiting, in the order in which they came. Belongs to one event loop."""

    def __init__(self, slots: int, queue: int) -> None:
        self._slots = slots
        self._queue = queue
        self._turn = asyncio.Semaphore(slots)
        self._mean_s = _FIRST_GUESS_S
        self.working = 0
        self.waiting = 0
        self.refused = 0
        self.done = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Raises OverloadedError with `retry_after_s` when the queue is full."""
        if self.waiting + self.working >= self._slots + self._queue:
            self.refused += 1
            raise OverloadedError(
                f"{self.waiting} validations wait already; come again later", retry_after_s=self.retry_after_s
            )
        self.waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self.waiting -= 1
        self.working += 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            yield
            self._mean_s += _WEIGHT * (loop.time() - began - self._mean_s)
        finally:
            self.done += 1
            self.working -= 1
            self._turn.release()

    @property
    def retry_after_s(self) -> int:
        """When a place in the queue should be free, by the mean duration so far, seconds."""
        return int(min(_MOST_RETRY_S, max(1.0, self._mean_s / self._slots)))
