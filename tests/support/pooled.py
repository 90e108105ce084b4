"""A pool over sandboxes in memory, with a clock that a test turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from qlp.config import SandboxSettings
from qlp.sandbox.pool import Pool
from qlp.sandbox.protocol import Command, Job, JobResult, Limits, OutputListener
from qlp.sandbox.work import Work
from qlp.telemetry import MemorySandboxMetrics
from tests.support.fake_backend import FakeBackend, FakeSandbox, ended

SIZE = Limits(memory_mb=64, pids=16, cpus=1, disk_mb=32)


def settings(**fields: Any) -> SandboxSettings:
    """Nothing warm unless asked."""
    size = {"memory_mb": 64, "pids": 16, "cpus": 1, "disk_mb": 32}
    return SandboxSettings(**{**size, "warm": {}, **fields})


def work(tenant: str = "a", **fields: Any) -> Work:
    told = {"profile": "python", "limits": SIZE, "job": Job(commands=(Command(argv=("true",)),)), **fields}
    return Work(tenant=tenant, **told)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Pooled:
    def __init__(self, backend: FakeBackend, pool: Pool, metrics: MemorySandboxMetrics, clock: Clock) -> None:
        self.backend = backend
        self.pool = pool
        self.metrics = metrics
        self.clock = clock

    @property
    def recycled(self) -> dict[str, int]:
        return self.pool.stats().recycled

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.001)


@asynccontextmanager
async def pooled(backend: FakeBackend | None = None, **fields: Any) -> AsyncIterator[Pooled]:
    """Afterwards nothing may be left, whatever the test did."""
    backend = backend or FakeBackend()
    metrics, clock = MemorySandboxMetrics(), Clock()
    pool = Pool(backend, settings(**fields), metrics, clock=clock, tick_s=0.005)
    try:
        yield Pooled(backend, pool, metrics, clock)
    finally:
        backend.gate.set()
        await asyncio.wait_for(pool.drain(0.05), 10)
    assert backend.open_now == []
    assert backend.opening == 0


class Gate:
    """As `answer`: jobs wait until the test lets them go on, one by one or all."""

    def __init__(self) -> None:
        self.started: list[FakeSandbox] = []
        self._waiting: list[asyncio.Future[None]] = []

    async def __call__(self, sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
        self.started.append(sandbox)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn
        return JobResult(results=(ended(stdout=str(sandbox.number).encode()),))

    def finish_one(self) -> None:
        """The one that waits longest; those that were cancelled do not count."""
        while (turn := self._waiting.pop(0)).done():
            pass
        turn.set_result(None)

    def finish_all(self) -> None:
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)
        self._waiting.clear()
