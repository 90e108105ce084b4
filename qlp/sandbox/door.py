"""The session side of container sandboxes, whoever makes the containers: this process, or sandboxd for it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from qlp.models import LOCAL_TENANT, Isolation
from qlp.sandbox.attach import AttachStream
from qlp.sandbox.cancellation import to_the_end
from qlp.sandbox.container import runner_config
from qlp.sandbox.protocol import BackendStatus, Limits
from qlp.sandbox.session import Session

_START_S = 60.0


@dataclass(frozen=True)
class Grant:
    """A started container whose process 1 waits for the runner on `connection`."""

    id: str
    connection: socket.socket
    """Non-blocking, at the first byte of the engine's attach stream."""
    isolation: Isolation
    lock: int | None = None
    """Descriptor of the lease's lock, which we hold from now on; None if the maker holds it."""


class Door(Protocol):
    """Who makes containers. Every method has a deadline; where the engine fails it raises SandboxUnavailableError."""

    async def probe(self) -> BackendStatus:
        """Never raises."""

    async def acquire(self, profile: str, limits: Limits, *, tenant: str, runtime: str | None) -> Grant:
        """Leaves nothing behind if it fails or is cancelled."""

    async def release(self, grant: Grant) -> None:
        """Destroys the container; what cannot be reached is left to the reaper. Never raises."""

    async def explain(self, grant: Grant) -> str:
        """Why the runner's stream ended. Never raises."""

    async def reap(self) -> int:
        """Remove what dead owners left; how many there were."""

    async def close(self) -> None: ...


class DoorBackend:
    """One hardened container per sandbox. Implements `SandboxBackend` on a `Door`."""

    name: str

    def __init__(self, door: Door, *, slots: int, home: Path) -> None:
        """`home`: where the records of added profiles are."""
        self._door = door
        self._slots = asyncio.Semaphore(slots)
        self._home = home

    async def probe(self) -> BackendStatus:
        return await self._door.probe()

    async def reap(self) -> int:
        """Remove containers whose owner is gone or whose deadline is past; how many there were."""
        return await self._door.reap()

    async def close(self) -> None:
        """Let go of the engine; sandboxes that are open are not touched."""
        await self._door.close()

    @asynccontextmanager
    async def open(
        self, profile: str, limits: Limits = Limits(), *, tenant: str = LOCAL_TENANT, runtime: str | None = None
    ) -> AsyncIterator[Session]:
        async with self._slots:
            grant = await self._door.acquire(profile, limits, tenant=tenant, runtime=runtime)
            stream: AttachStream | None = None
            session: Session | None = None

            async def diagnose() -> str:
                said = f" ({stream.stderr_tail})" if stream and stream.stderr_tail else ""
                return await self._door.explain(grant) + said

            try:
                stream = AttachStream(*await asyncio.open_connection(sock=grant.connection))
                session = Session(stream, grant.isolation, limits, diagnose=diagnose)
                await session.hello(runner_config(profile, limits, self._home), timeout_s=_START_S)
                yield session
            finally:
                await to_the_end(self._end(grant, stream, session))

    async def _end(self, grant: Grant, stream: AttachStream | None, session: Session | None) -> None:
        if session:
            await session.close()
        elif stream:
            await stream.close()
        else:
            with contextlib.suppress(OSError):
                grant.connection.close()
        await self._door.release(grant)
