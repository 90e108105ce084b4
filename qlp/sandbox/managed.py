"""A backend whose sandboxes are sessions of somebody else's service: no engine is opened here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from qlp.errors import NotFoundError, OverloadedError, SandboxError
from qlp.models import LOCAL_TENANT
from qlp.sandbox.cancellation import to_the_end
from qlp.sandbox.protocol import BackendStatus, Limits, Sandbox
from qlp.sandbox.work import SessionInfo, SessionSpec

TTL_S = 3600.0
"""Longer than any validation, seconds."""
IDLE_S = 60.0
"""A validation's calls follow each other at once: a session that nobody calls for so long has lost its owner."""
PATIENCE_S = 600.0
"""How long to wait for a free session, seconds."""
_POLL_S = 0.5
_OWN = "qlp/"
"""In front of the tenant's name: the platform's own sessions are in nobody's list."""


class SessionDoor(Protocol):
    """What a `SandboxService` and a client of the managers have in common."""

    async def status(self) -> BackendStatus: ...
    async def open_session(self, spec: SessionSpec) -> SessionInfo: ...
    async def session(self, id: str, tenant: str) -> Sandbox: ...
    async def close_session(self, id: str, tenant: str) -> None: ...


class ManagedBackend:
    """Implements `SandboxBackend`; `open` waits its turn when all sessions are taken."""

    name = "managed"

    def __init__(self, door: SessionDoor, *, patience_s: float = PATIENCE_S) -> None:
        self._door = door
        self._patience_s = patience_s

    async def probe(self) -> BackendStatus:
        try:
            return await self._door.status()
        except SandboxError as error:
            remedy = str(error.extra.get("remedy", ""))
            return BackendStatus(name=self.name, available=False, detail=error.detail, remedy=remedy)

    @asynccontextmanager
    async def open(
        self, profile: str, limits: Limits = Limits(), *, tenant: str = LOCAL_TENANT, runtime: str | None = None
    ) -> AsyncIterator[Sandbox]:
        owner = _OWN + tenant
        spec = SessionSpec(profile=profile, tenant=owner, limits=limits, runtime=runtime, ttl_s=TTL_S, idle_s=IDLE_S)
        info = await self._opened(spec)
        try:
            yield await self._door.session(info.id, owner)
        finally:
            # One that is gone needs no closing, and one whose manager is gone died with it.
            with contextlib.suppress(NotFoundError, SandboxError):
                await to_the_end(self._door.close_session(info.id, owner))

    async def _opened(self, spec: SessionSpec) -> SessionInfo:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience_s
        while True:
            try:
                return await self._door.open_session(spec)
            except OverloadedError:
                if loop.time() > end:
                    raise
            await asyncio.sleep(_POLL_S)
