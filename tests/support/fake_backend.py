"""Sandboxes in memory: a test says how long making one takes, what fails and what a job comes to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

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
from qlp.sandbox.work import RecycleReason


def ended(exit_code: int = 0, *, stdout: bytes = b"", oom: bool = False, timed_out: bool = False) -> ExecResult:
    return ExecResult(
        exit_code=exit_code, stdout=stdout, stderr=b"", oom=oom, timed_out=timed_out, wall_s=0, cpu_s=0, max_rss_bytes=0
    )


class FakeSandbox:
    def __init__(self, backend: FakeBackend, number: int, profile: str, limits: Limits) -> None:
        self.number = number
        self.profile = profile
        self.limits = limits
        self.isolation = Isolation(
            backend="docker",
            runtime="fake",
            image=f"fake-{number}",
            image_digest="sha256:0",
            job_namespaces=backend.job_namespaces,
        )
        self.jobs: list[Job] = []
        self.working = 0
        self.dead: RecycleReason | None = None
        self.destroyed = asyncio.Event()
        self._backend = backend

    @property
    def healthy(self) -> bool:
        return self.dead is None

    @property
    def ailment(self) -> RecycleReason | None:
        return self.dead

    def die(self) -> None:
        self.dead = "lost"

    async def job(self, job: Job, *, on_output: OutputListener | None = None) -> JobResult:
        if self.dead or self.destroyed.is_set():
            raise SandboxUnavailableError("dead")
        self.jobs.append(job)
        self.working += 1
        self._backend.most_working = max(self._backend.most_working, self._backend.working)
        try:
            return await self._until_destroyed(
                self._backend.answer(self, job, on_output or (lambda stream, data: None))
            )
        finally:
            self.working -= 1

    async def run(self, command: Command, *, on_output: OutputListener | None = None) -> ExecResult:
        return (await self.job(Job(commands=(command,)), on_output=on_output)).last

    async def _until_destroyed(self, work: Awaitable[JobResult]) -> JobResult:
        task, gone = asyncio.ensure_future(work), asyncio.ensure_future(self.destroyed.wait())
        try:
            await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise SandboxUnavailableError("the sandbox is closed")
            return task.result()
        finally:
            task.cancel()
            gone.cancel()

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None: ...

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        return path.encode()

    async def start(self, command: Command) -> str:
        return "1"

    async def poll(self, handle: str) -> ExecResult | None:
        return None

    async def stop(self, handle: str) -> ExecResult:
        return ended()

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
        return HttpReply(status=200)


Answer = Callable[[FakeSandbox, Job, OutputListener], Awaitable[JobResult]]


class FakeBackend:
    """`answer` is what jobs do, `fail` what makings fail with, `gate` what makings wait for."""

    name = "fake"

    def __init__(self, *, job_namespaces: bool = True) -> None:
        self.job_namespaces = job_namespaces
        self.made: list[FakeSandbox] = []
        self.asked = 0
        self.opening = 0
        self.most_open = 0
        self.most_working = 0
        self.fail: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.answer: Answer = at_once

    @property
    def open_now(self) -> list[FakeSandbox]:
        return [sandbox for sandbox in self.made if not sandbox.destroyed.is_set()]

    @property
    def working(self) -> int:
        return sum(sandbox.working for sandbox in self.made)

    async def probe(self) -> BackendStatus:
        return BackendStatus(name="fake", available=True, detail="for tests")

    @asynccontextmanager
    async def open(
        self, profile: str, limits: Limits = Limits(), *, tenant: str = LOCAL_TENANT, runtime: str | None = None
    ) -> AsyncIterator[FakeSandbox]:
        self.asked += 1
        self.opening += 1
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            if self.fail is not None:
                raise self.fail
        finally:
            self.opening -= 1
        sandbox = FakeSandbox(self, len(self.made), profile, limits)
        self.made.append(sandbox)
        self.most_open = max(self.most_open, len(self.open_now))
        try:
            yield sandbox
        finally:
            await asyncio.sleep(0)
            sandbox.destroyed.set()


async def at_once(sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
    return JobResult(results=(ended(stdout=str(sandbox.number).encode()),))
