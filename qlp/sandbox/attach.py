"""The stdio of a container as a byte stream, by the engine's attach call.

Spoken here and not through the SDK because the SDK's socket is blocking and hides TLS. The engine frames stdout and
stderr (`>BxxxI`: stream, length; docs.docker.com/reference/api/engine, "Stream format").
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import struct
from pathlib import Path
from urllib.parse import urlsplit

from qlp.errors import SandboxUnavailableError

_HEAD = struct.Struct(">BxxxI")
_STDOUT = 1
_TAIL_BYTES = 4000
_CONNECT_S = 10.0


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


async def attach(url: str, container: str) -> AttachStream:
    """Attach before the container is started, so that nothing is lost. Raises SandboxUnavailableError."""
    try:
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await _connect(url)
            try:
                writer.write(
                    f"POST /containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\n"
                    "Host: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n".encode()
                )
                await writer.drain()
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            except BaseException:
                writer.close()
                raise
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise SandboxUnavailableError(f"cannot attach to the container at {url}: {error!r}") from error
    if head.split(" ", 2)[1] not in ("101", "200"):
        writer.close()
        raise SandboxUnavailableError(f"the engine refused to attach: {head.splitlines()[0]}")
    return AttachStream(reader, writer)


async def _connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return await asyncio.open_unix_connection(parts.path)
    context = _ssl_context() if os.environ.get("DOCKER_TLS_VERIFY") or parts.scheme == "https" else None
    return await asyncio.open_connection(parts.hostname, parts.port or (2376 if context else 2375), ssl=context)


def _ssl_context() -> ssl.SSLContext:
    folder = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(str(folder / "cert.pem"), str(folder / "key.pem"))
    return context
