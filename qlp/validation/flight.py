"""Equal questions that are asked at the same time are worked on once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from qlp.models import StageResult, Verdict

Tell = Callable[[StageResult], Awaitable[None]]
Work = Callable[[Tell], Coroutine[Any, Any, Verdict]]


class _Flight:
    def __init__(self) -> None:
        self.told: list[StageResult] = []
        self.news = asyncio.Event()
        self.passengers = 0
        self.task: asyncio.Task[Verdict] | None = None

    async def tell(self, result: StageResult) -> None:
        self.told.append(result)
        self.wake()

    def wake(self) -> None:
        self.news.set()
        self.news = asyncio.Event()


class Flights:
    """Of one event loop. The work goes on as long as one of those who asked still waits; with the last one it is
    cancelled, and that one returns only when it has really ended."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}

    async def share(self, key: str, work: Work, on_stage: Tell | None) -> Verdict:
        """What `work` comes to; `on_stage` hears every stage, also those that were done before it came."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight()
            flight.task = asyncio.create_task(work(flight.tell), name=f"validate.{key[:12]}")
            landed = flight

            def ended(_: asyncio.Task[Verdict]) -> None:
                if self._flights.get(key) is landed:
                    del self._flights[key]
                landed.wake()

            flight.task.add_done_callback(ended)
        flight.passengers += 1
        try:
            return await _ride(flight, on_stage)
        finally:
            flight.passengers -= 1
            if flight.passengers == 0 and flight.task is not None and not flight.task.done():
                if self._flights.get(key) is flight:
                    del self._flights[key]  # who comes now needs work of its own, this one is ending
                flight.task.cancel()
                await asyncio.wait([flight.task])


async def _ride(flight: _Flight, on_stage: Tell | None) -> Verdict:
    assert flight.task is not None
    heard = 0
    while True:
        news = flight.news
        while heard < len(flight.told):
            heard += 1
            if on_stage is not None:
                await on_stage(flight.told[heard - 1])
        if flight.task.done():
            return flight.task.result()
        if news is flight.news:
            await news.wait()
