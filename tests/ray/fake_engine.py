"""A sandbox engine for the manager's tests: what a program is told to do, it does; what happened is in files."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from qlp.config import SandboxSettings
from qlp.models import LOCAL_TENANT
from qlp.sandbox.protocol import Command, ExecResult, Job, JobResult, Limits, OutputListener
from tests.support.fake_backend import FakeBackend, FakeSandbox, ended


class Engine(FakeBackend):
    """`argv` of a command is one JSON text: {"id", "sleep", "say": [...], "pause"}."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.home = home
        self.answer = self._do

    def note(self, what: str) -> None:
        with (self.home / "engine.log").open("a") as out:
            out.write(f"{what} {os.getpid()}\n")

    @asynccontextmanager
    async def open(
        self, profile: str, limits: Limits = Limits(), *, tenant: str = LOCAL_TENANT, runtime: str | None = None
    ) -> AsyncIterator[FakeSandbox]:
        async with super().open(profile, limits, tenant=tenant, runtime=runtime) as sandbox:
            self.note(f"open:{sandbox.number}")
            try:
                yield sandbox
            finally:
                self.note(f"close:{sandbox.number}")

    async def _do(self, sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
        return JobResult(results=tuple([await self._run(command, listen) for command in job.commands]))

    async def _run(self, command: Command, listen: OutputListener) -> ExecResult:
        script = json.loads(command.argv[0])
        self.note(f"start:{script['id']}")
        try:
            for word in script.get("say", []):
                listen("stdout", word.encode())
                await asyncio.sleep(script.get("pause", 0))
            await asyncio.sleep(script.get("sleep", 0))
        except asyncio.CancelledError:
            self.note(f"cancel:{script['id']}")
            raise
        self.note(f"end:{script['id']}")
        return ended(stdout="".join(script.get("say", [])).encode())


async def open_engine(settings: SandboxSettings, home: Path) -> Engine:
    return Engine(home)


def command(id: str, **script: object) -> Command:
    return Command(argv=(json.dumps({"id": id, **script}),))
