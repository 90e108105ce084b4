"""A sandbox whose every command does what the project's main.py, a JSON text, says: {"sleep": seconds, "note": file}."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from qlp.config import SandboxSettings
from qlp.models import LOCAL_TENANT
from qlp.sandbox.protocol import Command, ExecResult, Limits, OutputListener
from tests.http.fake_sandbox import EchoBackend, EchoSandbox


class ToolSandbox(EchoSandbox):
    async def run(self, command: Command, *, on_output: OutputListener | None = None) -> ExecResult:
        told = Command(argv=("main.py",), stdin=command.stdin)
        return await self._answer(told, {"main.py": self._files.get("main.py", b"{}")}, on_output)


class ToolBackend(EchoBackend):
    @asynccontextmanager
    async def open(
        self, profile: str, limits: Limits = Limits(), *, tenant: str = LOCAL_TENANT, runtime: str | None = None
    ) -> AsyncIterator[EchoSandbox]:
        yield ToolSandbox()


async def open_tools(settings: SandboxSettings, home: Path) -> ToolBackend:
    return ToolBackend()
