"""One exchange with whoever answers: its status, its kind, and its bytes as they come in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from qlp.errors import QLPError
from serve_app.openai.body import ChatBody
from serve_app.openai.problems import event_of

EVENTS = "text/event-stream; charset=utf-8"
JSON = "application/json"


@dataclass(frozen=True)
class Exchange:
    """`pieces` are sent on as they are; closing them stops what makes them."""

    status: int
    content_type: str
    pieces: AsyncGenerator[bytes, None]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asker:
    """Whose request it is."""

    tenant: str
    key_id: str
    request_id: str
    idempotency_key: str | None = None


class Answerer(Protocol):
    """What a model's name stands for."""

    async def open(self, body: ChatBody, asker: Asker) -> Exchange:
        """Returns when the status is known. Raises QLPError."""


class Relayed:
    """An ASGI response that sends pieces on and closes them when the client goes away."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._exchange
        headers = {"content-type": exchange.content_type, **exchange.headers}
        if exchange.content_type == EVENTS:
            headers |= {"cache-control": "no-store", "x-accel-buffering": "no"}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        sending = asyncio.ensure_future(self._send(send, raw))
        leaving = asyncio.ensure_future(gone(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
            await asyncio.wait((sending, leaving))

    async def _send(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        pieces = self._exchange.pieces
        async with contextlib.aclosing(pieces):
            await send({"type": "http.response.start", "status": self._exchange.status, "headers": headers})
            try:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            except QLPError as error:  # the status line is sent, so the stream has to tell it
                await send({"type": "http.response.body", "body": event_of(error), "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def gone(receive: Receive) -> None:
    """Returns when the client has gone away; the body was read before."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_there(request: Request, opening: asyncio.Future[Exchange]) -> Exchange | None:
    """The exchange; None if the client went away first, which cancels the opening."""
    leaving = asyncio.ensure_future(gone(request.receive))
    try:
        await asyncio.wait((opening, leaving), return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            return opening.result()
        return None
    finally:
        for task in (opening, leaving):
            if not task.done():
                task.cancel()
        await asyncio.wait((opening, leaving))


async def one_piece(piece: bytes) -> AsyncGenerator[bytes, None]:
    yield piece
