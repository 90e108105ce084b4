"""Server-sent events as the HTML standard frames them (section 9.2.6), from servers that may be sloppy or broken."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass

from qlp.providers.transport import ReplyTooLargeError

LONGEST = 4_194_304
"""Bytes of one event."""
_DRAIN_S = 0.25


@dataclass(frozen=True)
class ServerEvent:
    event: str
    data: str
    id: str = ""


class _Decoder:
    def __init__(self) -> None:
        self._event = ""
        self._data: list[str] = []
        self._size = 0
        self._id = ""
        self._last_id = ""

    def line(self, line: str) -> ServerEvent | None:
        if not line:
            return self.flush()
        self._size += len(line)
        if self._size > LONGEST:
            raise ReplyTooLargeError(f"an event of more than {LONGEST} bytes")
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._event = value
            case "data":
                self._data.append(value)
            case "id":
                self._id = value
        return None

    def flush(self) -> ServerEvent | None:
        found = ServerEvent(self._event, "\n".join(self._data), self._id) if self._data else None
        self._event, self._data, self._size, self._id = "", [], 0, ""
        if found and found.id and found.id == self._last_id:
            return None  # the same event, sent twice
        if found and found.id:
            self._last_id = found.id
        return found


async def events(chunks: AsyncIterable[bytes]) -> AsyncGenerator[ServerEvent, None]:
    """Every whole event once: one that repeats the id of the event before is dropped, as is one without its last
    line break. Raises ReplyTooLargeError for an event beyond `LONGEST`."""
    text = codecs.getincrementaldecoder("utf-8-sig")("replace")
    decoder = _Decoder()
    rest: list[str] = []
    waiting = 0
    async for chunk in chunks:
        piece = text.decode(chunk)
        if "\n" not in piece and "\r" not in piece:
            rest.append(piece)
            waiting += len(piece)
            if waiting > LONGEST:
                raise ReplyTooLargeError(f"an event of more than {LONGEST} bytes")
            continue
        joined = "".join([*rest, piece])
        held = joined.endswith("\r")  # a \n may follow in the next chunk
        lines = (joined[:-1] if held else joined).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        last = lines.pop() + ("\r" if held else "")
        rest, waiting = ([last], len(last)) if last else ([], 0)
        for line in lines:
            if found := decoder.line(line):
                yield found
    if rest and rest[-1].endswith("\r") and (found := decoder.line("".join(rest)[:-1])):
        yield found
    if (not rest or rest[-1].endswith("\r")) and (found := decoder.flush()):
        yield found


def looks_like_events(start: bytes) -> bool:
    """Whether a body is an event stream, whatever its content type says."""
    return start.lstrip(b"\xef\xbb\xbf\r\n ").startswith((b"data:", b"event:", b"id:", b":", b"retry:"))


async def drain(incoming: AsyncGenerator[ServerEvent, None]) -> None:
    """Read what follows the end of an answer, which is nothing: a connection that is read to its end is used again.
    A server that keeps it open all the same loses it after a moment."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_S):
            async for _ in incoming:
                pass


async def once(body: bytes) -> AsyncGenerator[bytes, None]:
    """A body that was read whole, as a stream."""
    yield body
