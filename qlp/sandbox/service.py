"""A node's sandboxes for everybody: jobs on warm ones, and sessions. The manager actor is a shell around it."""

from __future__ import annotations

import functools
from pathlib import Path

from qlp.config import SandboxSettings
from qlp.sandbox.pool import Pool
from qlp.sandbox.profiles import image_profile
from qlp.sandbox.protocol import BackendStatus, OutputListener, Sandbox, SandboxBackend
from qlp.sandbox.sessions import Sessions
from qlp.sandbox.work import Done, PoolStats, SessionInfo, SessionSpec, Work
from qlp.telemetry import MemorySandboxMetrics, SandboxMetrics

DRAIN_S = 10.0
"""How long running jobs may go on once the node is shut down, seconds."""


class SandboxService:
    """Construct inside the event loop that uses it. The backend must permit `places(settings)` open sandboxes."""

    def __init__(
        self,
        backend: SandboxBackend,
        settings: SandboxSettings,
        metrics: SandboxMetrics | None = None,
        *,
        node: str = "00000000",
        home: Path | None = None,
    ) -> None:
        """`node`: eight characters that name it in session ids. `home`: where added profiles are, by default
        `$QLP_HOME`."""
        self._backend = backend
        profile_of = functools.partial(image_profile, home=home, others=settings.images)
        self._pool = Pool(backend, settings, metrics or MemorySandboxMetrics(), profile_of=profile_of)
        self._sessions = Sessions(self._pool, settings, node=node)

    def start(self) -> None:
        """Begin to warm up; otherwise the first call does. Raises SandboxUnavailableError after `drain`."""
        self._pool.start()

    async def status(self) -> BackendStatus:
        return await self._backend.probe()

    async def execute(self, work: Work, *, on_output: OutputListener | None = None) -> Done:
        """One job. Raises InputError (limits over the ceilings, unknown profile or runtime), OverloadedError with
        `retry_after_s`, SandboxError, StorageError. It is never run twice."""
        return await self._pool.run(work, on_output=on_output)

    async def open_session(self, spec: SessionSpec) -> SessionInfo:
        """Raises InputError, OverloadedError, SandboxError."""
        return await self._sessions.open(spec)

    async def session(self, id: str, tenant: str) -> Sandbox:
        """Raises NotFoundError, also for a session of another tenant."""
        return self._sessions.sandbox(id, tenant)

    async def session_info(self, id: str, tenant: str) -> SessionInfo:
        """Raises NotFoundError."""
        return self._sessions.info(id, tenant)

    async def sessions(self, tenant: str) -> tuple[SessionInfo, ...]:
        return self._sessions.list(tenant)

    async def close_session(self, id: str, tenant: str) -> None:
        """Raises NotFoundError."""
        self._sessions.close(id, tenant)

    def stats(self) -> PoolStats:
        return self._pool.stats()

    async def drain(self, timeout_s: float = DRAIN_S) -> None:
        """No new work, running jobs may end within `timeout_s`, everything is destroyed."""
        self._sessions.end_all()
        await self._pool.drain(timeout_s)


def places(settings: SandboxSettings) -> SandboxSettings:
    """The settings for the backend below: it must not hold back what the pool has admitted."""
    most = max(settings.keep, settings.concurrency) * 2 + settings.sessions
    return settings.model_copy(update={"concurrency": most})
