"""What the pool does under load: closed loops of callers, Poisson arrivals, and a pool whose containers are killed."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.sandboxes.contenders import Run, job
from qlp.errors import OverloadedError, QLPError
from qlp.sandbox import engine
from qlp.sandbox.service import SandboxService
from qlp.sandbox.work import Done, Work


def percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50_ms": 1000 * statistics.median(ordered),
        "p99_ms": 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
    }


async def closed_loop(run: Run, *, callers: int, seconds: float) -> dict[str, float]:
    """`callers` that each ask again as soon as they are answered. A refusal is counted and tried again."""
    taken: list[float] = []
    refused = 0
    end = time.perf_counter() + seconds

    async def caller() -> None:
        nonlocal refused
        while time.perf_counter() < end:
            began = time.perf_counter()
            try:
                await run()
            except OverloadedError:
                refused += 1
                await asyncio.sleep(0.02)
            else:
                taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    wall = time.perf_counter() - began
    return {
        "callers": callers,
        "jobs_per_s": len(taken) / wall,
        "jobs": len(taken),
        "refused": refused,
        **percentiles(taken),
    }


async def poisson(
    execute: Callable[[Work], Awaitable[Done]], *, rate: float, tenants: int, seconds: float, seed: int = 1
) -> dict[str, Any]:
    """Independent arrivals at `rate` a second from `tenants` that are equally busy."""
    chance = random.Random(seed)
    done: list[Done] = []
    refused: list[str] = []

    async def one(tenant: str) -> None:
        try:
            done.append(await execute(Work(profile="python", job=job(), tenant=tenant)))
        except QLPError as error:
            refused.append(error.code)

    async with asyncio.TaskGroup() as group:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            group.create_task(one(f"tenant-{chance.randrange(tenants)}"))
            await asyncio.sleep(chance.expovariate(rate))
    hits = sum(d.path == "warm" for d in done)
    return {
        "rate_per_s": rate,
        "tenants": tenants,
        "jobs": len(done),
        "refused": len(refused),
        "hit_rate": hits / max(1, len(done)),
        "acquire": percentiles([d.acquire_s for d in done]) if done else {},
    }


async def killed_pool(service: SandboxService, url: str, *, warm: int) -> dict[str, float]:
    """Kill -9 every container; seconds to the first job that succeeds again and to a full warm pool."""
    await _until(lambda: sum(service.stats().warm.values()) >= warm, 60)
    client = engine.connect(url)
    try:
        containers = await asyncio.to_thread(lambda: client.api.containers(filters={"label": "qlp.owner"}))
        began = time.perf_counter()
        kills = (asyncio.to_thread(client.api.kill, container["Id"]) for container in containers)
        await asyncio.gather(*kills, return_exceptions=True)  # an idle one may be gone already
    finally:
        client.close()
    errors = 0
    while True:
        try:
            await service.execute(Work(profile="python", job=job()))
            break
        except QLPError:
            errors += 1
            await asyncio.sleep(0.02)
    first = time.perf_counter() - began
    await _until(lambda: sum(service.stats().warm.values()) >= warm, 60)
    return {
        "killed": len(containers),
        "typed_errors": errors,
        "first_job_s": first,
        "warm_again_s": time.perf_counter() - began,
    }


async def _until(true: Callable[[], bool], seconds: float) -> None:
    end = time.perf_counter() + seconds
    while not true():
        if time.perf_counter() > end:
            raise RuntimeError("the pool did not become warm")
        await asyncio.sleep(0.02)
