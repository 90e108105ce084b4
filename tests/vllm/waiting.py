"""Waits with a deadline that is only there so that a broken test ends."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

LONGEST_S = 240.0
PAUSE_S = 0.1


def until_running(app: str) -> None:
    from ray import serve

    deadline = time.monotonic() + LONGEST_S
    while True:
        found = serve.status().applications.get(app)
        status = found.status if found is not None else "absent"
        if status == "RUNNING":
            return
        assert status != "DEPLOY_FAILED", found
        assert time.monotonic() < deadline, found
        time.sleep(PAUSE_S)


async def until(look: Callable[[], Awaitable[Any]], what: str) -> Any:
    """The first true answer."""
    import asyncio

    deadline = time.monotonic() + LONGEST_S
    while not (answer := await look()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(PAUSE_S)
    return answer
