"""A session's sandbox, seen from another process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from qlp.models import Isolation
from qlp.sandbox.protocol import Command, ExecResult, HttpReply, Job, JobResult, OutputListener
from qlp.sandbox.work import SessionInfo

CALL_S = 90.0
"""Moving at most a workspace, seconds."""
GRACE_S = 90.0
"""How much later than the manager's own deadlines a caller loses patience, seconds."""
LONGEST_S = 4 * 3600.0
"""Of a command that names no limit: the session's own ends it earlier, seconds."""


class SessionCalls(Protocol):
    """The way to the manager that holds a session."""

    async def use(
        self,
        info: SessionInfo,
        call: str,
        args: tuple[Any, ...],
        options: dict[str, Any],
        *,
        timeout_s: float,
        on_output: OutputListener | None = None,
    ) -> Any: ...


class RemoteSandbox:
    """Implements `Sandbox`: each call is a call of the actor that holds the session."""

    def __init__(self, calls: SessionCalls, info: SessionInfo) -> None:
        self._calls = calls
        self._info = info
        self.isolation: Isolation = info.isolation

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        await self._use("put", dict(files), executable=executable)

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        data: bytes = await self._use("get", path, max_bytes=max_bytes)
        return data

    async def run(self, command: Command, *, on_output: OutputListener | None = None) -> ExecResult:
        wall = LONGEST_S if command.wall_s is None else command.wall_s
        result: ExecResult = await self._long("run", command, wall, on_output)
        return result

    async def job(self, job: Job, *, on_output: OutputListener | None = None) -> JobResult:
        wall = sum(LONGEST_S if command.wall_s is None else command.wall_s for command in job.commands)
        result: JobResult = await self._long("job", job, wall, on_output)
        return result

    async def start(self, command: Command) -> str:
        handle: str = await self._use("start", command)
        return handle

    async def poll(self, handle: str) -> ExecResult | None:
        result: ExecResult | None = await self._use("poll", handle)
        return result

    async def stop(self, handle: str) -> ExecResult:
        result: ExecResult = await self._use("stop", handle)
        return result

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
        options = {"body": body, "headers": dict(headers or {}), "timeout_s": timeout_s}
        args = (method, port, path)
        reply: HttpReply = await self._calls.use(self._info, "http", args, options, timeout_s=timeout_s + GRACE_S)
        return reply

    async def _use(self, call: str, *args: Any, **options: Any) -> Any:
        return await self._calls.use(self._info, call, args, options, timeout_s=CALL_S)

    async def _long(self, call: str, what: Command | Job, wall_s: float, on_output: OutputListener | None) -> Any:
        timeout_s = min(wall_s, LONGEST_S) + GRACE_S
        return await self._calls.use(self._info, call, (what,), {}, timeout_s=timeout_s, on_output=on_output)
