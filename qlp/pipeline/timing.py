"""Clock readings inside durable steps, so that a replay reads the first times again."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from qlp.models._base import Frozen
from qlp.pipeline.runtime import Runtime

T = TypeVar("T")


class Timed(Frozen, Generic[T]):
    """A step's value and its wall clock, Unix seconds."""

    value: T
    began: float
    ended: float


async def timed(runtime: Runtime, name: str, returns: type[T], fn: Callable[[], Awaitable[T]]) -> Timed[T]:
    async def clocked() -> Timed[T]:
        began = time.time()
        value = await fn()
        return Timed[returns](value=value, began=began, ended=time.time())  # type: ignore[valid-type]

    return await runtime.step(name, Timed[returns], clocked)  # type: ignore[valid-type]


async def clock(runtime: Runtime, name: str) -> float:
    async def read() -> float:
        return time.time()

    return await runtime.step(f"clock:{name}", float, read)
