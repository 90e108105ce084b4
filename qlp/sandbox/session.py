"""The host's end of a sandbox: requests multiplexed over one byte stream, used by every backend.

Nothing here waits for ever: each request has a deadline that lies a little after the one the runner enforces inside.
A stream that ends fails all requests in flight; a late or malformed reply ends the session.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from pydantic import ValidationError

from qlp.errors import (
    InputError,
    NotFoundError,
    SandboxError,
    SandboxProtocolError,
    SandboxUnavailableError,
    StorageError,
)
from qlp.models import Isolation
from qlp.sandbox import boot
from qlp.sandbox.inside import frames, paths
from qlp.sandbox.protocol import Command, ExecResult, HttpReply, Limits

_GRACE_S = 15.0
"""How much later than the runner the host loses patience: kill, drain and transfer on a busy machine."""
_CALL_S = 60.0
"""put, get, start, poll: moving at most a workspace."""
_MAX_REPLY = 64 * 1024 * 1024
_ERRORS: dict[str, type[Exception]] = {
    "input": InputError,
    "not_found": NotFoundError,
    "storage": StorageError,
    "unavailable": SandboxUnavailableError,
}


class ByteStream(Protocol):
    """Both directions of the runner's stdio."""

    async def read(self) -> bytes:
        """Some bytes; empty at the end. Raises OSError when the connection broke."""

    async def write(self, data: bytes) -> None: ...

    async def close(self) -> None: ...


class Session:
    """Implements `Sandbox` once `hello` has been answered."""

    def __init__(
        self, stream: ByteStream, isolation: Isolation, limits: Limits, *, diagnose: Callable[[], Awaitable[str]]
    ) -> None:
        self.isolation = isolation
        self._stream = stream
        self._limits = limits
        self._diagnose = diagnose
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[tuple[frames.Header, bytes]]] = {}
        self._writing = asyncio.Lock()
        self._broken: SandboxError | None = None
        self._failing = asyncio.Lock()
        self._reader = asyncio.create_task(self._read(), name="sandbox-reader")

    async def hello(self, config: Mapping[str, Any], *, timeout_s: float) -> None:
        """Send the runner and its configuration; returns when it is ready."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._stream.write(boot.bundle())
        except (OSError, TimeoutError):
            await self._fail(None)
        await self._call({"op": "hello", **config}, timeout_s=timeout_s)

    async def close(self) -> None:
        """Ends the session; the runner ends when its stdin does."""
        self._broken = self._broken or SandboxUnavailableError("the sandbox is closed")
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        self._fail_pending(self._broken)
        with contextlib.suppress(OSError):
            await self._stream.close()

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        for path in files:
            _check(path)
        batch: dict[str, bytes] = {}
        size = 0
        for path, data in files.items():
            if batch and size + len(data) > frames.MAX_PAYLOAD // 4:
                await self._put(batch, executable)
                batch, size = {}, 0
            batch[path] = data
            size += len(data)
        await self._put(batch, executable)

    async def _put(self, files: Mapping[str, bytes], executable: frozenset[str]) -> None:
        listed = [[path, len(data), path in executable] for path, data in files.items()]
        await self._call({"op": "put", "files": listed}, b"".join(files.values()))

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        _check(path)
        _, data = await self._call({"op": "get", "path": path, "max_bytes": min(max_bytes, _MAX_REPLY - 4096)})
        return data

    async def run(self, command: Command) -> ExecResult:
        request = self._request("run", command)
        return self._result(*await self._call(request, command.stdin, timeout_s=request["wall_s"] + _GRACE_S))

    async def start(self, command: Command) -> str:
        request = self._request("start", command)
        request["wall_s"] = command.wall_s  # a server lives as long as the sandbox unless it asks for less
        header, _ = await self._call(request, command.stdin)
        return str(header.get("handle"))

    async def poll(self, handle: str) -> ExecResult | None:
        header, data = await self._call({"op": "poll", "handle": handle})
        return None if header.get("running") else self._result(header, data)

    async def stop(self, handle: str) -> ExecResult:
        return self._result(*await self._call({"op": "stop", "handle": handle}))

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
        request = {"op": "http", "method": method, "port": port, "path": path, "headers": dict(headers or {})}
        header, data = await self._call({**request, "timeout_s": timeout_s}, body, timeout_s=timeout_s + _GRACE_S)
        try:
            return HttpReply(status=header.get("status", 0), body=data, error=header.get("reason", ""))
        except ValidationError as error:
            raise await self._fail(SandboxProtocolError(f"malformed reply: {error}")) from error

    def _request(self, op: str, command: Command) -> dict[str, Any]:
        if not command.argv or any("\0" in part for part in (*command.argv, *command.env, *command.env.values())):
            raise InputError("a command needs a program, and no argument or variable may hold a NUL")
        if any(not name or "=" in name for name in command.env):
            raise InputError("a variable's name is neither empty nor holds '='")
        if command.cwd not in (".", ""):
            _check(command.cwd)
        wall = min(command.wall_s if command.wall_s is not None else self._limits.wall_s, self._limits.wall_s)
        return {"op": op, "argv": list(command.argv), "env": command.env, "cwd": command.cwd, "wall_s": wall}

    def _result(self, header: frames.Header, data: bytes) -> ExecResult:
        try:
            out, err = header.pop("sizes")
            if out + err != len(data):
                raise ValueError("sizes do not add up")
            return ExecResult(**{k: v for k, v in header.items() if k != "id"}, stdout=data[:out], stderr=data[out:])
        except (KeyError, TypeError, ValueError) as error:  # ValidationError is a ValueError
            self._broken = SandboxProtocolError(f"malformed result from the sandbox: {error}")
            raise self._broken from error

    async def _call(
        self, header: dict[str, Any], payload: bytes = b"", *, timeout_s: float = _CALL_S
    ) -> tuple[frames.Header, bytes]:
        if self._broken:
            raise self._broken
        id = next(self._ids)
        try:
            frame = frames.pack({**header, "id": id}, payload)
        except frames.FrameError as error:
            raise InputError(str(error)) from error
        future: asyncio.Future[tuple[frames.Header, bytes]] = asyncio.get_running_loop().create_future()
        self._pending[id] = future
        try:
            async with asyncio.timeout(timeout_s):
                await self._write(frame)
                reply, data = await future
        except TimeoutError:
            late = SandboxProtocolError(f"the sandbox did not answer `{header['op']}` within {timeout_s:g} s")
            raise await self._fail(late) from None
        except asyncio.CancelledError:
            if header["op"] == "run" and not self._broken:
                await self._cancel(id)
            raise
        finally:
            self._pending.pop(id, None)
        if kind := reply.get("error"):
            raise _ERRORS.get(str(kind), SandboxProtocolError)(str(reply.get("detail", kind)))
        return reply, data

    async def _write(self, frame: bytes) -> None:
        async with self._writing:
            try:
                await self._stream.write(frame)
            except OSError:
                raise await self._fail(None) from None

    async def _cancel(self, id: int) -> None:
        """Tell the runner to kill the command of a cancelled `run`; the sandbox may go on being used."""
        with contextlib.suppress(OSError, TimeoutError, SandboxError):
            async with asyncio.timeout(1.0):
                await self._write(frames.pack({"op": "cancel", "target": id, "id": 0}))

    async def _read(self) -> None:
        parser = frames.Parser(max_payload=_MAX_REPLY)
        try:
            while data := await self._stream.read():
                for header, payload in parser.feed(data):
                    future = self._pending.get(header.get("id", -1))
                    if future and not future.done():
                        future.set_result((header, payload))
        except frames.FrameError as error:
            await self._fail(SandboxProtocolError(f"malformed reply: {error}"))
        except OSError:
            await self._fail(None)
        else:
            await self._fail(None)

    async def _fail(self, error: SandboxError | None) -> SandboxError:
        """End the session; `error` None means that the stream broke, and the backend says why."""
        async with self._failing:
            if self._broken is None:
                self._broken = error or SandboxUnavailableError(f"the sandbox ended: {await self._diagnose()}")
            self._fail_pending(self._broken)
            return self._broken

    def _fail_pending(self, error: SandboxError) -> None:
        for future in self._pending.values():
            if not future.done():
                future.set_exception(error)


def _check(path: str) -> None:
    try:
        paths.split(path)
    except paths.PathError as error:
        raise InputError(str(error)) from error
