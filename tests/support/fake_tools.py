"""A backend whose sandboxes run no tool: a test says what each command comes to, and how many places there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from qlp.errors import SandboxUnavailableError
from qlp.models import LOCAL_TENANT, ContractFile, InterfaceContract, Isolation, ProjectCommand, SourceFile, Stage
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
from qlp.validation import Check, Toolchain
from qlp.validation.check import StagePlan
from qlp.validation.readings import exit_code

Run = Callable[[str, Command], Awaitable[ExecResult]]


def ended(code: int | None = 0, out: str = "", err: str = "", **other: object) -> ExecResult:
    fields = {"wall_s": 0.1, "cpu_s": 0.1, "max_rss_bytes": 1, **other}
    return ExecResult.model_validate({"exit_code": code, "stdout": out.encode(), "stderr": err.encode(), **fields})


async def all_well(profile: str, command: Command) -> ExecResult:
    return ended(out="tool 1.0\n")


class ToolSandbox:
    def __init__(self, backend: ToolBackend, profile: str) -> None:
        self.profile = profile
        self.isolation = Isolation(
            backend="docker", runtime="fake", image=profile, image_digest=backend.images.get(profile, "sha256:0")
        )
        self.files: dict[str, bytes] = {}
        self.ran: list[tuple[str, ...]] = []
        self._backend = backend

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        self.files |= files

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        return self.files[path]

    async def run(self, command: Command, *, on_output: OutputListener | None = None) -> ExecResult:
        self.ran.append(command.argv)
        return await self._backend.answer(self.profile, command)

    async def job(self, job: Job, *, on_output: OutputListener | None = None) -> JobResult:
        return JobResult(results=tuple([await self.run(c) for c in job.commands]))

    async def start(self, command: Command) -> str:
        return "1"

    async def poll(self, handle: str) -> ExecResult | None:
        return None

    async def stop(self, handle: str) -> ExecResult:
        return ended(None, signal=15)

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


class ToolBackend:
    """`answer` is what commands come to; `images` the digests that can be told; `missing` profiles have no image."""

    name = "fake"

    def __init__(self, places: int = 4) -> None:
        self.answer: Run = all_well
        self.images = {"one": "sha256:1", "two": "sha256:2", "three": "sha256:3"}
        self.missing: set[str] = set()
        self.opened: list[ToolSandbox] = []
        self.open_now = 0
        self._places = asyncio.Semaphore(places)

    @property
    def ran(self) -> list[tuple[str, ...]]:
        return [argv for sandbox in self.opened for argv in sandbox.ran]

    async def probe(self) -> BackendStatus:
        images = {p: d for p, d in self.images.items() if p not in self.missing}
        return BackendStatus(name="fake", available=True, detail="for tests", images=images)

    @asynccontextmanager
    async def open(
        self, profile: str, limits: Limits = Limits(), *, tenant: str = LOCAL_TENANT, runtime: str | None = None
    ) -> AsyncIterator[ToolSandbox]:
        async with self._places:
            if profile in self.missing:
                raise SandboxUnavailableError(f"no image of {profile}; run: qlp sandbox build {profile}")
            sandbox = ToolSandbox(self, profile)
            self.opened.append(sandbox)
            self.open_now += 1
            try:
                yield sandbox
            finally:
                await asyncio.sleep(0)
                self.open_now -= 1


def toolchain(name: str, profile: str, plan: Mapping[Stage, StagePlan], *, main: bool = False) -> Toolchain:
    return Toolchain(
        name=name,
        profile=profile,
        plan=lambda project: plan,
        versions=Command(argv=(f"{name}-version",)),
        languages=("python",) if main else (),
    )


def check(tool: str, **more: object) -> Check:
    """Fails its stage with rule `<tool>-wrong` unless it exits 0."""
    return Check(tool, Command(argv=(tool,)), exit_code(f"{tool}-wrong"), **more)  # type: ignore[arg-type]


FILES = (SourceFile(path="a.py", content="x = 1\n"), SourceFile(path="b.yaml", content="a: 1\n"))


def contract(*commands: ProjectCommand, **more: object) -> InterfaceContract:
    return InterfaceContract.model_validate(
        {
            "project": "p",
            "kind": "unknown",
            "language": "python",
            "files": tuple(ContractFile(path=f.path, task="t") for f in FILES),
            "commands": commands,
            **more,
        }
    )
