"""Server-sent events: frames, pings, and a command's output as it arrives."""

from __future__ import annotations

import asyncio
import base64
import codecs
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from qlp.errors import QLPError
from qlp.sandbox.protocol import OutputListener, Stream

log = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=BaseModel)

PING_S = 15.0
PEEK_S = 1.0
"""An error within this time is answered with its own status; later the answer is a stream already, seconds."""
PING = b": ping\n\n"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def frame(number: int, kind: str, data: str) -> bytes:
    return f"id: {number}\nevent: {kind}\ndata: {data}\n\n".encode()


class ExactText:
    """Bytes in pieces as text in pieces: a character that two pieces share goes with the second."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes, *, final: bool = False) -> tuple[str, str | None] | None:
        """Text, and the exact bytes as base64 where they are not UTF-8; None if there is nothing to tell yet."""
        data = self._rest + piece
        self._rest = b""
        if not final:
            data, self._rest = _whole(data)
        if not data:
            return None
        try:
            return data.decode(), None
        except UnicodeDecodeError:
            return data.decode("utf-8", "replace"), base64.b64encode(data).decode()


def _whole(data: bytes) -> tuple[bytes, bytes]:
    """Without the beginning of a character at the end, and that beginning."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data)
    pending = decoder.getstate()[0]
    return (data[: -len(pending)], pending) if pending else (data, b"")


class OutputStream(StreamingResponse, Generic[Answer]):
    """`execution.output.delta` for each piece, then `execution.completed` or `execution.failed`.

    When the client goes away, the work is cancelled.
    """

    def __init__(self, work: Callable[[OutputListener], Awaitable[Answer]], *, name: str, output_bytes: int) -> None:
        super().__init__(self._frames(), media_type="text/event-stream", headers=HEADERS)
        self._name = name
        self._left: dict[Stream, int] = {"stdout": output_bytes, "stderr": output_bytes}
        self._text: dict[Stream, ExactText] = {"stdout": ExactText(), "stderr": ExactText()}
        self._pieces: list[tuple[Stream, bytes]] = []
        self._something = asyncio.Event()
        self._number = 0
        self._task = asyncio.ensure_future(work(self._heard))
        self._task.add_done_callback(lambda _: self._something.set())

    async def ready(self) -> OutputStream[Answer]:
        """Itself. Raises the work's error if it failed before it said anything."""
        try:
            async with asyncio.timeout(PEEK_S):
                await self._something.wait()
        except TimeoutError:
            return self
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if self._task.done() and not self._pieces:
            self._task.result()
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._task.cancel()

    def _heard(self, stream: Stream, piece: bytes) -> None:
        """Bounded by the output cap: the rest of a flood is dropped."""
        piece = piece[: self._left[stream]]
        if piece:
            self._left[stream] -= len(piece)
            self._pieces.append((stream, piece))
            self._something.set()

    async def _frames(self) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(PING_S):
                    await self._something.wait()
            except TimeoutError:
                yield PING
                continue
            self._something.clear()
            ended = self._task.done()
            for told in self._deltas(final=ended):
                yield told
            if ended:
                yield self._last()
                return

    def _deltas(self, *, final: bool) -> Iterator[bytes]:
        joined: list[tuple[Stream, bytes]] = []
        for stream, piece in self._pieces:
            if joined and joined[-1][0] == stream:
                joined[-1] = (stream, joined[-1][1] + piece)
            else:
                joined.append((stream, piece))
        self._pieces = []
        for stream, piece in joined:
            yield from self._delta(stream, self._text[stream].feed(piece))
        if final:
            for stream, text in self._text.items():
                yield from self._delta(stream, text.feed(b"", final=True))

    def _delta(self, stream: Stream, told: tuple[str, str | None] | None) -> Iterator[bytes]:
        if told is not None:
            text, exact = told
            more = {"delta_base64": exact} if exact is not None else {}
            yield self._frame("execution.output.delta", stream=stream, delta=text, **more)

    def _last(self) -> bytes:
        try:
            result = self._task.result()
        except QLPError as error:
            problem = {"code": error.code, "status": error.status, "detail": error.detail, "retryable": error.retryable}
            return self._frame("execution.failed", problem={**error.extra, **problem})
        except Exception as error:  # boundary: the status line is sent, so the stream has to tell it
            log.exception("a streamed command failed")
            detail = f"internal error ({type(error).__name__}); the server's log has more"
            problem = {"code": QLPError.code, "status": 500, "detail": detail, "retryable": False}
            return self._frame("execution.failed", problem=problem)
        return self._frame("execution.completed", **{self._name: result.model_dump(mode="json")})

    def _frame(self, kind: str, **data: Any) -> bytes:
        self._number += 1
        about = {"type": kind, "sequence_number": self._number, "created_at": datetime.now(UTC).isoformat()}
        return frame(self._number, kind, json.dumps({**about, **data}, ensure_ascii=False, default=str))
