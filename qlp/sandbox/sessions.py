"""Pinned sandboxes with a lease: opened, used, expired."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from qlp.config import SandboxSettings
from qlp.errors import NotFoundError, OverloadedError, SandboxError
from qlp.models import Isolation
from qlp.sandbox.pool import Pool
from qlp.sandbox.pool.bounded import BoundedSandbox
from qlp.sandbox.pool.member import Member
from qlp.sandbox.protocol import Command, ExecResult, HttpReply, Job, JobResult, OutputListener, Sandbox
from qlp.sandbox.work import RecycleReason, SessionInfo, SessionSpec

T = TypeVar("T")
log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Pause between two looks for sessions that have expired."""
RETRY_AFTER_S = 10


@dataclass(eq=False)
class _Lease:
    info: SessionInfo
    member: Member
    sandbox: Sandbox
    idle_s: float
    ends: float
    """On the monotonic clock, as `used`."""
    used: float
    calls: int = 0
    """Under way: a session that works is not idle."""
    closed: bool = False


class Sessions:
    """Everything here is in one event loop."""

    def __init__(
        self,
        pool: Pool,
        settings: SandboxSettings,
        *,
        node: str,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._pool = pool
        self._most = settings.sessions
        self._node = node
        self._clock = clock
        self._random = random
        self._leases: dict[str, _Lease] = {}
        self._opening = 0
        self._looking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._leases)

    async def open(self, spec: SessionSpec) -> SessionInfo:
        """Raises InputError, OverloadedError, SandboxError."""
        if len(self._leases) + self._opening >= self._most:
            raise OverloadedError(
                f"{self._most} sandbox sessions are open here already: close one, or try again later",
                retry_after_s=RETRY_AFTER_S,
            )
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="sandbox-sessions")
        self._opening += 1
        try:
            member = await self._pool.pin(spec)
        finally:
            self._opening -= 1
        created = datetime.now(UTC)
        info = SessionInfo(
            id=f"sbx_{self._node}_{self._random()}",
            profile=spec.profile,
            tenant=spec.tenant,
            created_at=created,
            expires_at=created + timedelta(seconds=spec.ttl_s),
            isolation=member.sandbox.isolation,
        )
        sandbox = BoundedSandbox(member.sandbox, spec.limits)
        now = self._clock()
        self._leases[info.id] = _Lease(info, member, sandbox, spec.idle_s, ends=now + spec.ttl_s, used=now)
        return info

    def info(self, id: str, tenant: str) -> SessionInfo:
        """Raises NotFoundError, also for a session of somebody else."""
        return self._lease(id, tenant).info

    def list(self, tenant: str) -> tuple[SessionInfo, ...]:
        return tuple(lease.info for lease in self._leases.values() if lease.info.tenant == tenant)

    def sandbox(self, id: str, tenant: str) -> Sandbox:
        """Raises NotFoundError; so do the calls of what is returned once the session has ended."""
        return _Leased(self, self._lease(id, tenant))

    def close(self, id: str, tenant: str) -> None:
        """Raises NotFoundError. Calls that are under way fail with SandboxUnavailableError."""
        self._end(self._lease(id, tenant), "strict")

    def end_all(self) -> None:
        """No session is left, and none expires any more."""
        if self._looking is not None:
            self._looking.cancel()
        for lease in tuple(self._leases.values()):
            self._end(lease, "drain")

    async def call(self, lease: _Lease, work: Callable[[Sandbox], Awaitable[T]]) -> T:
        if lease.closed:
            raise _not_found(lease.info.id)
        lease.calls += 1
        try:
            return await work(lease.sandbox)
        except SandboxError:
            if lease.member.ailment in ("lost", "late"):
                self._end(lease, "lost")
            raise
        finally:
            lease.calls -= 1
            lease.used = self._clock()

    def expire(self) -> None:
        """End what is over its time, unused for too long, or dead."""
        now = self._clock()
        for lease in tuple(self._leases.values()):
            if lease.member.ailment in ("lost", "late"):
                self._end(lease, "lost")
            elif now >= lease.ends:
                self._end(lease, "age")
            elif not lease.calls and now - lease.used >= lease.idle_s:
                self._end(lease, "idle")

    def _lease(self, id: str, tenant: str) -> _Lease:
        lease = self._leases.get(id)
        if lease is None or lease.info.tenant != tenant:
            raise _not_found(id)
        return lease

    def _end(self, lease: _Lease, reason: RecycleReason) -> None:
        if not lease.closed:
            lease.closed = True
            del self._leases[lease.info.id]
            self._pool.unpin(lease.member, reason)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                self.expire()
            except Exception:  # boundary of a background task: the next look must come
                log.exception("sessions could not be expired")


def _not_found(id: str) -> NotFoundError:
    return NotFoundError(f"there is no sandbox session {id}: it may have expired; open a new one")


class _Leased:
    """Implements `Sandbox` for as long as the lease lasts; each call counts as use."""

    def __init__(self, sessions: Sessions, lease: _Lease) -> None:
        self._sessions = sessions
        self._lease = lease
        self.isolation: Isolation = lease.info.isolation

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        await self._call(lambda sandbox: sandbox.put(files, executable=executable))

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        return await self._call(lambda sandbox: sandbox.get(path, max_bytes=max_bytes))

    async def run(self, command: Command, *, on_output: OutputListener | None = None) -> ExecResult:
        return await self._call(lambda sandbox: sandbox.run(command, on_output=on_output))

    async def job(self, job: Job, *, on_output: OutputListener | None = None) -> JobResult:
        return await self._call(lambda sandbox: sandbox.job(job, on_output=on_output))

    async def start(self, command: Command) -> str:
        return await self._call(lambda sandbox: sandbox.start(command))

    async def poll(self, handle: str) -> ExecResult | None:
        return await self._call(lambda sandbox: sandbox.poll(handle))

    async def stop(self, handle: str) -> ExecResult:
        return await self._call(lambda sandbox: sandbox.stop(handle))

    async def http(
        self,
        method: str,
        port: int,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> HttpReply:
        return await self._call(
            lambda sandbox: sandbox.http(method, port, path, body=body, headers=headers, timeout_s=timeout_s)
        )

    async def _call(self, work: Callable[[Sandbox], Awaitable[T]]) -> T:
        return await self._sessions.call(self._lease, work)
