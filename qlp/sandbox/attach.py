"""The stdio of a container as a byte stream, on the connection that `engine_calls.Engine.attach` made.

The engine frames stdout and stderr (`>BxxxI`: stream, length; docs.docker.com/reference/api/engine, "Stream format").
"""

from __future__ import annotations

import asyncio
import contextlib
import struct

_HEAD = struct.Struct(">BxxxI")
_STDOUT = 1
_TAIL_BYTES = 4000


class AttachStream:
    """A `ByteStream` over a hijacked connection. `stderr_tail` is the last the runner itself said."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._tail = b""

    @property
    def stderr_tail(self) -> str:
        return self._tail.decode("utf-8", "replace").strip()

    async def read(self) -> bytes:
        while True:
            try:
                stream, length = _HEAD.unpack(await self._reader.readexactly(_HEAD.size))
                data = await self._reader.readexactly(length)
            except asyncio.IncompleteReadError:
                return b""
            if stream == _STDOUT and data:
                return data
            self._tail = (self._tail + data)[-_TAIL_BYTES:]

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(2.0):
                await self._writer.wait_closed()
