"""One JSON object a packet over a Unix SEQPACKET socket, with descriptors: boundaries and order are the kernel's.

A packet is whole or not there: there is no length to forge and no half frame to wait for.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

MAX_PACKET = 16_384
MAX_DESCRIPTORS = 2
_INT = array.array("i").itemsize


class PacketError(ValueError):
    """Not one of our packets: too long, no JSON object, or descriptors where none belong."""


class Packets:
    """Both ends of a connection. Not more than one reader; sends are serialised."""

    def __init__(self, connection: socket.socket, *, descriptors: bool = False) -> None:
        """`descriptors`: whether packets may carry some to us; otherwise the kernel closes them and we refuse."""
        connection.setblocking(False)
        self.connection = connection
        self._descriptors = descriptors
        self._sending = asyncio.Lock()
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    async def receive(self) -> tuple[dict[str, Any], list[int]] | None:
        """A packet and its descriptors, which the caller owns; None at the end. Raises PacketError, OSError."""
        space = socket.CMSG_SPACE(MAX_DESCRIPTORS * _INT) if self._descriptors else 0
        flags = socket.MSG_CMSG_CLOEXEC
        data, ancillary, told, _ = await self._patiently(
            lambda: self.connection.recvmsg(MAX_PACKET, space, flags), reading=True
        )
        received = _descriptors(ancillary)
        if not data and not received:
            return None
        try:
            if told & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                raise PacketError(f"a packet is at most {MAX_PACKET} bytes, and descriptors only come with a grant")
            return _object(data), received
        except PacketError:
            close_all(received)
            raise

    async def send(self, message: dict[str, Any], descriptors: Sequence[int] = (), *, timeout_s: float) -> None:
        """Raises OSError when the other end is gone, TimeoutError when it does not read, PacketError if too long."""
        data = json.dumps(message).encode("ascii")
        if len(data) > MAX_PACKET:
            raise PacketError(f"a packet is at most {MAX_PACKET} bytes, this one is {len(data)}")
        ancillary: list[Any] = []
        if descriptors:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        async with self._sending, asyncio.timeout(timeout_s):
            await self._patiently(
                lambda: self.connection.sendmsg([data], ancillary, socket.MSG_NOSIGNAL), reading=False
            )

    def close(self) -> None:
        """Whoever waits to read or write gets a ConnectionError."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        descriptor = self.connection.fileno()
        # Before the descriptor is closed: its number may be another's at once.
        loop.remove_reader(descriptor)
        loop.remove_writer(descriptor)
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("closed"))
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    async def _patiently(self, attempt: Callable[[], Any], *, reading: bool) -> Any:
        """A call on the non-blocking socket, tried again whenever the socket is ready."""
        loop = asyncio.get_running_loop()
        while True:
            if self._closed:
                raise ConnectionResetError("closed")
            with contextlib.suppress(BlockingIOError, InterruptedError):
                return attempt()
            ready: asyncio.Future[None] = loop.create_future()
            descriptor = self.connection.fileno()
            self._waiting.add(ready)
            (loop.add_reader if reading else loop.add_writer)(descriptor, _wake, ready)
            try:
                await ready
            finally:
                self._waiting.discard(ready)
                if not self._closed:
                    (loop.remove_reader if reading else loop.remove_writer)(descriptor)


def close_all(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    found = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % _INT])
    return list(found)


def _object(data: bytes) -> dict[str, Any]:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PacketError(f"not JSON: {error}") from error
    if not isinstance(told, dict):
        raise PacketError("not a JSON object")
    return told


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
