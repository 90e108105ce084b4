"""A door without sandboxes behind it: tests say what a job comes to, and look at what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from qlp.errors import NotFoundError
from qlp.models import Isolation
from qlp.sandbox.protocol import BackendStatus, Command, ExecResult, HttpReply, Job, JobResult, OutputListener
from qlp.sandbox.work import Done, SessionInfo, SessionSpec, Work

ISOLATION = Isolation(backend="docker", runtime="fake", image="fake", image_digest="sha256:0")
Answer = Callable[[Work, OutputListener], Awaitable[JobResult]]


def ended(exit_code: int | None = 0, stdout: bytes = b"", stderr: bytes = b"", **fields: Any) -> ExecResult:
    told = {"wall_s": 0.01, "cpu_s": 0.01, "max_rss_bytes": 1, **fields}
    return ExecResult(exit_code=exit_code, stdout=stdout, stderr=stderr, **told)


class FakeDoor:
    """`answer` is called for each job; by default it ends well and silently."""

    def __init__(self) -> None:
        self.works: list[Work] = []
        self.cancelled = asyncio.Event()
        self.rooms: dict[str, tuple[SessionInfo, FakeRoom]] = {}
        self.answer: Answer = self.well

    async def well(self, work: Work, on_output: OutputListener) -> JobResult:
        return JobResult(results=tuple(ended() for _ in work.job.commands))

    async def execute(self, work: Work, on_output: OutputListener | None = None) -> Done:
        self.works.append(work)
        try:
            result = await self.answer(work, on_output or (lambda stream, piece: None))
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return Done(result=result, isolation=ISOLATION, mode=work.mode, path="warm", acquire_s=0.001)

    async def open_session(self, spec: SessionSpec) -> SessionInfo:
        now = datetime.now(UTC)
        info = SessionInfo(
            id=f"sbx_00000000_{len(self.rooms)}",
            profile=spec.profile,
            tenant=spec.tenant,
            created_at=now,
            expires_at=now + timedelta(seconds=spec.ttl_s),
            isolation=ISOLATION,
        )
        self.rooms[info.id] = (info, FakeRoom())
        return info

    def _room(self, session_id: str, tenant: str) -> tuple[SessionInfo, FakeRoom]:
        found = self.rooms.get(session_id)
        if found is None or found[0].tenant != tenant:
            raise NotFoundError(f"no sandbox {session_id}")
        return found

    async def session(self, session_id: str, tenant: str) -> FakeRoom:
        return self._room(session_id, tenant)[1]

    async def session_info(self, session_id: str, tenant: str) -> SessionInfo:
        return self._room(session_id, tenant)[0]

    async def sessions(self, tenant: str) -> tuple[SessionInfo, ...]:
        return tuple(info for info, _ in self.rooms.values() if info.tenant == tenant)

    async def close_session(self, session_id: str, tenant: str) -> None:
        self._room(session_id, tenant)
        del self.rooms[session_id]

    async def status(self, *, timeout_s: float = 5.0) -> BackendStatus:
        return BackendStatus(name="fake", available=True, detail="for tests")


class FakeRoom:
    """Files are kept; a command `echo TEXT` says TEXT, `sleep` never ends, `start` makes a process that `stop` ends."""

    isolation = ISOLATION

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.executable: frozenset[str] = frozenset()
        self.commands: list[Command] = []
        self.running: set[str] = set()
        self.cancelled = asyncio.Event()

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        self.files.update(files)
        self.executable |= executable

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        if path not in self.files:
            raise NotFoundError(f"no file {path}")
        return self.files[path]

    async def run(self, command: Command, *, on_output: OutputListener | None = None) -> ExecResult:
        self.commands.append(command)
        if command.argv[0] == "sleep":
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        said = " ".join(command.argv[1:]).encode()
        if on_output is not None:
            on_output("stdout", said)
        return ended(stdout=said)

    async def job(self, job: Job, *, on_output: OutputListener | None = None) -> JobResult:
        raise NotImplementedError

    async def start(self, command: Command) -> str:
        self.running.add("p1")
        return "p1"

    async def poll(self, handle: str) -> ExecResult | None:
        if handle != "p1":
            raise NotFoundError(f"no process {handle}")
        return None if handle in self.running else ended(None, b"bye", signal=15)

    async def stop(self, handle: str) -> ExecResult:
        self.running.discard(handle)
        return ended(None, b"bye", signal=15)

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
        if port != 8000:
            return HttpReply(status=0, error="connection refused")
        return HttpReply(status=200, body=f"{method} {path} ".encode() + body)
