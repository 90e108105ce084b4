"""One caller's smaller limits on a sandbox that was opened with larger ones."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Isolation
from qlp.sandbox.protocol import (
    Command,
    ExecResult,
    HttpReply,
    Job,
    JobResult,
    Limits,
    OutputListener,
    Sandbox,
    Stream,
)


class BoundedSandbox:
    """Implements `Sandbox`: wall clock and output of each command are at most those of `limits`."""

    def __init__(self, inner: Sandbox, limits: Limits) -> None:
        self._inner = inner
        self._limits = limits
        self.isolation: Isolation = inner.isolation

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        await self._inner.put(files, executable=executable)

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        return await self._inner.get(path, max_bytes=max_bytes)

    async def run(self, command: Command, *, on_output: OutputListener | None = None) -> ExecResult:
        if on_output is None:
            return self._cut(await self._inner.run(self._narrow(command)))
        return self._cut(await self._inner.run(self._narrow(command), on_output=self._heard(on_output)))

    async def job(self, job: Job, *, on_output: OutputListener | None = None) -> JobResult:
        narrowed = job.model_copy(update={"commands": tuple(self._narrow(c) for c in job.commands)})
        heard = None if on_output is None else self._heard(on_output, commands=len(job.commands))
        result = await self._inner.job(narrowed, on_output=heard)
        return result.model_copy(update={"results": tuple(self._cut(r) for r in result.results)})

    async def start(self, command: Command) -> str:
        return await self._inner.start(command)  # a server lives as long as the sandbox unless it asks for less

    async def poll(self, handle: str) -> ExecResult | None:
        result = await self._inner.poll(handle)
        return None if result is None else self._cut(result)

    async def stop(self, handle: str) -> ExecResult:
        return self._cut(await self._inner.stop(handle))

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
        return await self._inner.http(method, port, path, body=body, headers=headers, timeout_s=timeout_s)

    def _narrow(self, command: Command) -> Command:
        most = self._limits.wall_s
        return command.model_copy(update={"wall_s": most if command.wall_s is None else min(command.wall_s, most)})

    def _cut(self, result: ExecResult) -> ExecResult:
        most = self._limits.output_bytes
        if len(result.stdout) <= most and len(result.stderr) <= most:
            return result
        return result.model_copy(
            update={"stdout": result.stdout[:most], "stderr": result.stderr[:most], "truncated": True}
        )

    def _heard(self, listener: OutputListener, *, commands: int = 1) -> OutputListener:
        """Of each stream no more than all commands together may say."""
        left: dict[Stream, int] = dict.fromkeys(("stdout", "stderr"), self._limits.output_bytes * commands)

        def listen(stream: Stream, data: bytes) -> None:
            piece = data[: left[stream]]
            left[stream] -= len(piece)
            if piece:
                listener(stream, piece)

        return listen
