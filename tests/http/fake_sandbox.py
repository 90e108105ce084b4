"""A sandbox that isolates nothing and runs nothing: it answers what the program asks it to, for tests of the HTTP path."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from qlp.config import SandboxSettings
from qlp.errors import SandboxUnavailableError
from qlp.models import Isolation, Language
from qlp.sandbox.protocol import BackendStatus, Command, ExecResult, HttpReply, Limits


class EchoSandbox:
    isolation = Isolation(backend="docker", runtime="fake", image="fake", image_digest="sha256:0")

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        self._files.update(files)

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        return self._files[path]

    async def run(self, command: Command) -> ExecResult:
        """The entry file is JSON: {"sleep": seconds, "error": text}; stdout tells what came in."""
        script = json.loads(self._files[next(a for a in command.argv if a in self._files)])
        await asyncio.sleep(script.get("sleep", 0))
        if "error" in script:
            raise SandboxUnavailableError(script["error"], remedy="start it")
        told = {"argv": command.argv, "stdin": command.stdin.decode(), "files": sorted(self._files)}
        return ExecResult(
            exit_code=0, stdout=json.dumps(told).encode(), stderr=b"\xff", wall_s=0, cpu_s=0, max_rss_bytes=0
        )

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
    async def open(self, profile: Language, limits: Limits = Limits()) -> AsyncIterator[EchoSandbox]:
        yield EchoSandbox()


async def open_backend(settings: SandboxSettings, home: Path) -> EchoBackend:
    return EchoBackend()
