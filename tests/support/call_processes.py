"""What the processes of multi-process tests do; imports little, since each of them starts from nothing."""

from __future__ import annotations

import asyncio
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from qlp.calls.cached import CachedResponses
from qlp.calls.limiter import RateLimiter, bucket_of
from qlp.calls.response_store import ResponseStore
from qlp.calls.windows import Windows
from qlp.providers.protocol import ChatOptions
from qlp.store.engine import Database
from tests.support.walking_provider import ASK, Scripted

WINDOW_S, LIMIT, CALLERS = 1.0, 25, 8


def limited_callers(url: str, seconds: float, start: Barrier, out: Queue[list[float]]) -> None:
    """Eight callers in one process, each asking again as soon as it was let through."""

    async def caller(limiter: RateLimiter, at: list[float]) -> None:
        bucket = bucket_of("acme:m", "https://acme.test", "key", rpm=LIMIT)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            grant = await limiter.acquire(bucket, requests=1, tokens=0, wait_s=60)
            assert grant is not None
            at.append(grant.at)

    async def callers() -> list[float]:
        database = Database(url, durable=False)
        windows = Windows(database, window_s=WINDOW_S, slots=20)
        limiter = RateLimiter(database, windows=windows, poll_s=0.02)
        at: list[float] = []
        await asyncio.gather(*(caller(limiter, at) for _ in range(CALLERS)))
        database.close()
        return at

    start.wait(60)
    out.put(asyncio.run(callers()))


def cached_callers(folder: Path, start: Barrier, out: Queue[tuple[int, list[str]]]) -> None:
    """Asks ten questions that the other process asks too; each is answered slowly."""

    class Slow(Scripted):
        async def _text(self) -> str:
            await asyncio.sleep(0.02)
            return "one"

    async def all_of_them() -> tuple[int, list[str]]:
        store = ResponseStore(folder / "responses.db", max_bytes=1_000_000)
        inner = Slow("acme:m")
        provider = CachedResponses(inner, store, tenant="a", address="x", sleep=lambda _: asyncio.sleep(0.01))
        options = [ChatOptions(temperature=0, seed=i) for i in range(10)]
        done = await asyncio.gather(*(provider.complete(ASK, o, idempotency_key="k") for o in options))
        store.close()
        return len(inner.calls), [d.texts[0] for d in done]

    start.wait(60)
    out.put(asyncio.run(all_of_them()))
