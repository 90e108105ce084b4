"""What a command prints: kept up to a cap, told as it comes."""

from __future__ import annotations

import os
from collections.abc import Callable

_CHUNK = 65536

Listener = Callable[[str, bytes], None]
"""Called with `stdout` or `stderr` and a piece of what is kept."""


class Capture:
    """The reading ends of a command's stdout and stderr. Non-blocking: the runner's loop calls `readable`."""

    def __init__(self, out: int, err: int, cap: int, listener: Listener | None) -> None:
        self.open = {out, err}
        """Descriptors that are not at their end."""
        self.truncated = False
        self._names = {out: "stdout", err: "stderr"}
        self._kept = {out: bytearray(), err: bytearray()}
        self._order = (out, err)
        self._cap = cap
        self._listener = listener

    def readable(self, fd: int) -> None:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._close(fd)
            return
        kept = self._kept[fd]
        room = self._cap - len(kept)
        if len(data) > room:
            self.truncated = True
            data = data[:room]
        kept += data
        if self._listener and data:
            self._listener(self._names[fd], data)

    def close(self) -> None:
        for fd in list(self.open):
            self._close(fd)

    def result(self) -> tuple[list[int], bytes]:
        """[bytes of stdout, bytes of stderr], and both."""
        out, err = (self._kept[fd] for fd in self._order)
        return [len(out), len(err)], bytes(out + err)

    def _close(self, fd: int) -> None:
        self.open.discard(fd)
        os.close(fd)


class Feed:
    """The writing end of a command's stdin. Non-blocking: the runner's loop calls `writable`."""

    def __init__(self, fd: int, data: bytes) -> None:
        self.fd: int | None = fd
        self._data = memoryview(data)
        if not data:
            self.close()

    def writable(self) -> None:
        if self.fd is None:
            return
        try:
            self._data = self._data[os.write(self.fd, self._data[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # the command does not read its input; that is its right
            self._data = memoryview(b"")
        if not self._data:
            self.close()

    def close(self) -> None:
        self._data = memoryview(b"")
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None
