"""Requests multiplexed over one byte stream to a sandbox's runner.

Nothing here waits for ever: each request has a deadline that lies a little after the one the runner enforces inside.
A stream that ends fails all requests in flight; a late or malformed reply ends the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol

from qlp.errors import (
    InputError,
    NotFoundError,
    SandboxError,
    SandboxProtocolError,
    SandboxUnavailableError,
    StorageError,
)
from qlp.sandbox.inside import frames

Ailment = Literal["oom", "late", "lost", "check"]
"""Why a sandbox should serve nobody else: the kernel killed for memory; a reply came too late or was malformed; the
connection broke; the check after a job failed."""
Event = Callable[[frames.Header, bytes], None]

MAX_REPLY = 64 * 1024 * 1024
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


class _Call:
    def __init__(self, on_event: Event | None) -> None:
        self.future: asyncio.Future[tuple[frames.Header, bytes]] = asyncio.get_running_loop().create_future()
        self._on_event = on_event

    def event(self, header: frames.Header, payload: bytes) -> None:
        if self.future.done() or self._on_event is None:
            return
        try:
            self._on_event(header, payload)
        except Exception as error:  # noqa: BLE001  the caller's own listener: its failure is the caller's, not the connection's
            self.future.set_exception(error)


class Connection:
    """One runner. `ailment` is set once it should not be trusted with more."""

    def __init__(self, stream: ByteStream, *, diagnose: Callable[[], Awaitable[str]]) -> None:
        self.broken: SandboxError | None = None
        self.ailment: Ailment | None = None
        self._stream = stream
        self._diagnose = diagnose
        self._ids = itertools.count(1)
        self._pending: dict[int, _Call] = {}
        self._writing = asyncio.Lock()
        self._failing = asyncio.Lock()
        self._reader = asyncio.create_task(self._read(), name="sandbox-reader")

    async def send_program(self, data: bytes, *, timeout_s: float) -> None:
        """The first bytes, which are no frame."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._stream.write(data)
        except (OSError, TimeoutError):
            await self.fail(None, "lost")

    async def call(
        self,
        header: dict[str, Any],
        payload: bytes = b"",
        *,
        timeout_s: float,
        cancels: bool = False,
        on_event: Event | None = None,
    ) -> tuple[frames.Header, bytes]:
        """The reply to one request; if `cancels`, the runner is told when the caller is cancelled or gives up.

        Raises what the runner answered (InputError, NotFoundError, StorageError, SandboxError) and, when the
        connection is broken or breaks, SandboxUnavailableError or SandboxProtocolError.
        """
        if self.broken:
            raise self.broken
        id = next(self._ids)
        try:
            frame = frames.pack({**header, "id": id}, payload)
        except frames.FrameError as error:
            raise InputError(str(error)) from error
        pending = self._pending[id] = _Call(on_event)
        try:
            async with asyncio.timeout(timeout_s):
                await self._write(frame)
                reply, data = await pending.future
        except TimeoutError:
            late = SandboxProtocolError(f"the sandbox did not answer `{header['op']}` within {timeout_s:g} s")
            raise await self.fail(late, "late") from None
        except BaseException:
            if cancels and not self.broken:
                await self._cancel(id)
            raise
        finally:
            self._pending.pop(id, None)
        if kind := reply.get("error"):
            raise _ERRORS.get(str(kind), SandboxProtocolError)(str(reply.get("detail", kind)))
        return reply, data

    async def fail(self, error: SandboxError | None, ailment: Ailment) -> SandboxError:
        """End the connection; `error` None means that the stream broke, and the backend says why."""
        async with self._failing:
            if self.broken is None:
                self.ailment = ailment
                self.broken = error or SandboxUnavailableError(f"the sandbox ended: {await self._diagnose()}")
            self._fail_pending(self.broken)
            return self.broken

    async def close(self) -> None:
        """The runner ends when its stdin does."""
        self.broken = self.broken or SandboxUnavailableError("the sandbox is closed")
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        self._fail_pending(self.broken)
        with contextlib.suppress(OSError):
            await self._stream.close()

    async def _write(self, frame: bytes) -> None:
        async with self._writing:
            try:
                await self._stream.write(frame)
            except OSError:
                error = await self.fail(None, "lost")
                # The runner cannot have read a whole request: whoever asked may ask another sandbox.
                raise type(error)(error.detail, started=False) from None

    async def _cancel(self, id: int) -> None:
        """Tell the runner to kill what an abandoned request started; the sandbox may go on being used."""
        with contextlib.suppress(OSError, TimeoutError, SandboxError):
            async with asyncio.timeout(1.0):
                await self._write(frames.pack({"op": "cancel", "target": id, "id": 0}))

    async def _read(self) -> None:
        parser = frames.Parser(max_payload=MAX_REPLY)
        try:
            while data := await self._stream.read():
                for header, payload in parser.feed(data):
                    self._take(header, payload)
        except frames.FrameError as error:
            await self.fail(SandboxProtocolError(f"malformed reply: {error}"), "late")
        except OSError:
            await self.fail(None, "lost")
        else:
            await self.fail(None, "lost")

    def _take(self, header: frames.Header, payload: bytes) -> None:
        id = header.get("id")
        pending = self._pending.get(id) if isinstance(id, int) else None
        if pending is None:
            return
        if "event" in header:
            pending.event(header, payload)
        elif not pending.future.done():
            pending.future.set_result((header, payload))

    def _fail_pending(self, error: SandboxError) -> None:
        for pending in self._pending.values():
            if not pending.future.done():
                pending.future.set_exception(error)
