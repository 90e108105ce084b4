"""Removing what dead processes left behind, again and again, for as long as a backend is open."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

from qlp.errors import SandboxError

log = logging.getLogger(__name__)

EVERY_S = 10.0
_ROUND_S = 60.0


class Reaper:
    """A background task of its backend: started at first use, ended by `close`, or when the backend is forgotten."""

    def __init__(self, reap: Callable[[], Awaitable[int]], *, every_s: float = EVERY_S) -> None:
        self._reap: Any = weakref.WeakMethod(reap)
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """In a running event loop; does nothing if it runs already."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(_rounds(self._reap, self._every_s), name="sandbox-reaper")

    async def close(self) -> None:
        task, self._task = self._task, None
        if task and task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _rounds(reap: Any, every_s: float) -> None:
    trouble = ""
    while True:
        await asyncio.sleep(every_s)
        sweep = reap()
        if sweep is None:
            return
        try:
            async with asyncio.timeout(_ROUND_S):
                gone = await sweep()
            if gone:
                log.info("removed %d sandboxes that dead processes left", gone)
            trouble = ""
        except (SandboxError, OSError, TimeoutError) as error:
            if str(error) != trouble:  # once, not every ten seconds of an engine's absence
                trouble = str(error)
                log.warning("the reaper's round failed, it tries again: %s", error)
        del sweep
