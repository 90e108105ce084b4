"""The stdio of a bwrap process as a byte stream."""

from __future__ import annotations

import asyncio
import contextlib
import os
from asyncio.subprocess import Process

_GONE_S = 5.0
_STDERR_TAIL = 4000


class PipeStream:
    """A `ByteStream`; ends when bwrap ends, even if something inside still holds the pipes."""

    def __init__(self, process: Process) -> None:
        self.process = process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._in, self._out, self._err = process.stdin, process.stdout, process.stderr
        self._tail = b""
        self._tailing = asyncio.create_task(self._keep_tail(), name="bwrap-stderr")
        self._watching = asyncio.create_task(self._watch(), name="bwrap-exit")

    async def _watch(self) -> None:
        """When bwrap is killed alone, process 1 inside lives on (the kernel's parent-death signal may not cross the
        change of uid); the end of its stdin ends it."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        descriptor = os.pidfd_open(self.process.pid)  # `wait()` would also wait for the pipes, which others still hold
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        self._in.close()

    async def _keep_tail(self) -> None:
        while data := await self._err.read(4096):
            self._tail = (self._tail + data)[-_STDERR_TAIL:]

    async def read(self) -> bytes:
        return await self._out.read(1 << 18)

    async def write(self, data: bytes) -> None:
        self._in.write(data)
        await self._in.drain()

    async def close(self) -> None:
        self._in.close()

    async def diagnose(self) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self._watching
                await self._tailing
        said = self._tail.decode("utf-8", "replace").strip()
        return f"bwrap ended with {self.process.returncode}" + (f" ({said})" if said else "")

    async def kill(self) -> None:
        """SIGKILL to bwrap, end of stdin to process 1 inside; the kernel ends all others with that one."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self._watching
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GONE_S):
                await self._tailing  # process 1 holds the other end as long as it lives
