"""Calls to a payment service that fails now and then."""

import asyncio
from collections.abc import Awaitable, Callable


class GatewayError(Exception):
    """The service did not answer; a later call may succeed."""


async def with_retries(call: Callable[[], Awaitable[int]], attempts: int = 3) -> int:
    """The first answer. Raises GatewayError once all attempts failed."""
    for left in range(attempts - 1, -1, -1):
        try:
            return await call()
        except GatewayError:
            if left == 0:
                raise
            await asyncio.sleep(0)
    raise ValueError("attempts must be positive")


async def pay_all(calls: list[Callable[[], Awaitable[int]]]) -> list[int]:
    """All answers, in the order of the calls."""
    return list(await asyncio.gather(*(with_retries(call) for call in calls)))
