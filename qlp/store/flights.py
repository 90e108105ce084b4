"""Equal questions that are asked at the same time are worked on once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

R = TypeVar("R")
N = TypeVar("N")


class _Flight(Generic[R, N]):
    def __init__(self) -> None:
        self.told: list[N] = []
        self.news = asyncio.Event()
        self.passengers = 0
        self.task: asyncio.Task[R] | None = None

    async def tell(self, news: N) -> None:
        self.told.append(news)
        self.wake()

    def wake(self) -> None:
        self.news.set()
        self.news = asyncio.Event()


class Flights(Generic[R, N]):
    """Of one event loop; work that comes to an `R` and tells `N`s on its way. It goes on as long as one of those who
    asked still waits; with the last one it is cancelled, and that one returns only when it has really ended."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[R, N]] = {}

    async def share(
        self,
        key: str,
        work: Callable[[Callable[[N], Awaitable[None]]], Coroutine[Any, Any, R]],
        on_news: Callable[[N], Awaitable[None]] | None = None,
    ) -> R:
        """What `work` comes to; `on_news` hears all that it tells, also what was told before it came."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight()
            flight.task = asyncio.create_task(work(flight.tell), name=f"flight.{key[:12]}")
            landed = flight

            def ended(task: asyncio.Task[R]) -> None:
                if self._flights.get(key) is landed:
                    del self._flights[key]
                if not task.cancelled():
                    task.exception()  # seen, also when all who asked have left
                landed.wake()

            flight.task.add_done_callback(ended)
        flight.passengers += 1
        try:
            return await _ride(flight, on_news)
        finally:
            flight.passengers -= 1
            if flight.passengers == 0 and flight.task is not None and not flight.task.done():
                if self._flights.get(key) is flight:
                    del self._flights[key]  # who comes now needs work of its own, this one is ending
                flight.task.cancel()
                await asyncio.wait([flight.task])


async def _ride(flight: _Flight[R, N], on_news: Callable[[N], Awaitable[None]] | None) -> R:
    assert flight.task is not None
    heard = 0
    while True:
        news = flight.news
        while heard < len(flight.told):
            heard += 1
            if on_news is not None:
                await on_news(flight.told[heard - 1])
        if flight.task.done():
            return flight.task.result()
        if news is flight.news:
            await news.wait()
