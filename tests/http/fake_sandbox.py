"""A sandbox that isolates nothing and runs nothing: it answers what the program asks it to, for tests of the HTTP path."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from qlp.config import SandboxSettings
from qlp.errors import SandboxUnavailableError
from qlp.models import LOCAL_TENANT, Isolation
from qlp.sandbox.protocol import (
    BackendStatus,
    Command,
    ExecResult,
    HttpReply,
    Job,
    JobResult,
    Limits,
    OutputListener,
)


class EchoSandbox:
    isolation = Isolation(backend="docker", runtime="fake", image="fake", image_digest="sha256:0", job_namespaces=True)

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        self._files.update(files)

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        return self._files[path]

    async def run(self, command: Command, *, on_output: OutputListener | None = None) -> ExecResult:
        return await self._answer(command, self._files, on_output)

    async def job(self, job: Job, *, on_output: OutputListener | None = None) -> JobResult:
        return JobResult(results=tuple([await self._answer(c, job.files, on_output) for c in job.commands]))

    async def _answer(
        self, command: Command, files: Mapping[str, bytes], on_output: OutputListener | None
    ) -> ExecResult:
        """The entry file is JSON: {"sleep": seconds, "error": text, "note": file}; stdout tells what came in.

        `note` is written when the command is cancelled.
        """
        named = [a.removeprefix("./") for a in command.argv]
        if any(name.startswith(".qlp/py_") for name in named):  # a checker of ours, which finds the files by itself
            named = ["main.py"]
        script = json.loads(next((files[name] for name in named if name in files), b"{}"))
        if on_output is not None:
            on_output("stderr", b"\xff")
        try:
            await asyncio.sleep(script.get("sleep", 0))
        except asyncio.CancelledError:
            if "note" in script:
                await asyncio.to_thread(Path(script["note"]).write_text, "cancelled")
            raise
        if "error" in script:
            raise SandboxUnavailableError(script["error"], remedy="start it")
        told = {"argv": command.argv, "stdin": command.stdin.decode(), "files": sorted(files)}
        said = json.dumps(told).encode()
        if on_output is not None:
            on_output("stdout", said)
        return ExecResult(exit_code=0, stdout=said, stderr=b"\xff", wall_s=0, cpu_s=0, max_rss_bytes=0)

    async def start(self, command: Command) -> str:
        raise NotImplementedError

    async def poll(self, handle: str) -> ExecResult | None:
        raise NotImplementedError

    async def stop(self, handle: str) -> ExecResult:
        raise NotImplementedError

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
        raise NotImplementedError


class EchoBackend:
    name = "fake"

    async def probe(self) -> BackendStatus:
        return BackendStatus(name="fake", available=True, detail="for tests")

    @asynccontextmanager
    async def open(
        self, profile: str, limits: Limits = Limits(), *, tenant: str = LOCAL_TENANT, runtime: str | None = None
    ) -> AsyncIterator[EchoSandbox]:
        yield EchoSandbox()


async def open_backend(settings: SandboxSettings, home: Path) -> EchoBackend:
    return EchoBackend()
