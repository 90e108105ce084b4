"""One sandbox of the pool, from its making to its destruction."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol, runtime_checkable

from qlp.errors import SandboxUnavailableError
from qlp.sandbox.pool.key import Key
from qlp.sandbox.protocol import Sandbox
from qlp.sandbox.work import RecycleReason

State = Literal["making", "ready", "bound", "busy", "retiring"]
"""`ready` has met no tenant, `bound` belongs to one and is idle; `busy` works, for a job or as a session."""

MAKE_S = 180.0
"""Deadline of making one, whatever the backend's own are, seconds."""


@runtime_checkable
class SelfChecking(Protocol):
    """A sandbox that knows without a round trip whether it may serve again (`qlp.sandbox.session.Session`)."""

    @property
    def healthy(self) -> bool: ...

    @property
    def ailment(self) -> RecycleReason | None:
        """Why it may not."""


class Member:
    """Holds the backend's block open in a task of its own: it is entered and left in one task, whoever asks."""

    def __init__(self, key: Key, block: AbstractAsyncContextManager[Sandbox]) -> None:
        self.key = key
        self.state: State = "making"
        self.tenant: str | None = None
        self.jobs = 0
        self.serial = 0
        """Later ones have higher numbers; 0 while it is made."""
        self.made_at = 0.0
        self.idle_since = 0.0
        self._block = block
        self._opened: asyncio.Future[Sandbox] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._task = asyncio.create_task(self._hold(), name=f"sandbox-{key.profile}")

    @property
    def sandbox(self) -> Sandbox:
        """Only after `opened`."""
        return self._opened.result()

    @property
    def ailment(self) -> RecycleReason | None:
        """Why it may not be used any more; None for a sandbox that is as it should be."""
        if self._task.done():
            return "lost"
        sandbox = self.sandbox
        if not isinstance(sandbox, SelfChecking) or sandbox.healthy:
            return None
        return sandbox.ailment or "lost"

    async def opened(self) -> None:
        """When the runner's handshake is done. Raises what making it raised."""
        await asyncio.shield(self._opened)

    async def close(self) -> None:
        """Destroy it, half made or not; returns when nothing of it is left. Raises what destroying it raised."""
        self.state = "retiring"
        self._leave.set()
        if not self._opened.done():
            self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.result()

    async def _hold(self) -> None:
        try:
            async with asyncio.timeout(MAKE_S) as making, self._block as sandbox:
                making.reschedule(None)
                if self._opened.cancelled():
                    return
                self._opened.set_result(sandbox)
                await self._leave.wait()
        except BaseException as error:
            if self._opened.done():
                raise
            self._opened.set_exception(_why(error))
            self._opened.exception()  # seen, also where nobody waits any more
            if not isinstance(error, Exception):
                raise


def _why(error: BaseException) -> BaseException:
    if isinstance(error, TimeoutError):
        return SandboxUnavailableError(f"a sandbox could not be made within {MAKE_S:g} s")
    if isinstance(error, asyncio.CancelledError):
        return SandboxUnavailableError("the sandbox was given up while it was being made")
    return error
