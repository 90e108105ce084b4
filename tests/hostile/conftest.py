"""The backends under attack, and a warm sandbox on each that all programs have to share."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from qlp.config import SandboxSettings, Settings
from qlp.errors import QLPError
from qlp.sandbox import Limits, Sandbox, engine
from qlp.sandbox.bubblewrap import BubblewrapBackend
from qlp.sandbox.docker import DockerBackend
from tests.hostile.census import census
from tests.hostile.left import left_on_host
from tests.hostile.program import LIMITS

Backend = DockerBackend | BubblewrapBackend
MARKS = {
    "docker": (pytest.mark.contract, pytest.mark.docker),
    "bubblewrap": (pytest.mark.contract, pytest.mark.bubblewrap),
    "runsc": (pytest.mark.gvisor,),
}
"""A machine without gVisor may skip it, one without Docker or bubblewrap may not where CI requires those rungs."""


def settings() -> SandboxSettings:
    return Settings().sandbox.model_copy(update={"concurrency": 8})


def targets() -> list[Any]:
    return [pytest.param(name, marks=marks, id=name) for name, marks in MARKS.items()]


@dataclass
class Target:
    """A backend, and the sandbox that hostile programs run in one after the other."""

    name: str
    backend: Backend
    runtime: str | None
    profiles: tuple[str, ...]
    shares: bool
    """Whether one sandbox serves many jobs; else (no namespaces inside: older gVisor) each program gets a fresh one."""
    _stacks: dict[tuple[str, int], contextlib.AsyncExitStack] = field(default_factory=dict)
    _boxes: dict[tuple[str, int], tuple[Sandbox, dict[str, Any]]] = field(default_factory=dict)

    def open(self, profile: str = "python", limits: Limits = LIMITS) -> contextlib.AbstractAsyncContextManager[Sandbox]:
        return self.backend.open(profile, limits, runtime=self.runtime)

    async def warm(self, profile: str = "python", limits: Limits = LIMITS) -> tuple[Sandbox, dict[str, Any]]:
        """The shared sandbox of a profile and what was in it when it was new."""
        key = (profile, limits.memory_mb)
        if key not in self._boxes:
            stack = self._stacks[key] = contextlib.AsyncExitStack()
            box = await stack.enter_async_context(self.open(profile, limits))
            fork = profile == "python"
            await census(box, fork=fork)  # what is made at the first use is no leftover
            self._boxes[key] = (box, await census(box, fork=fork))
        return self._boxes[key]

    async def lose(self, profile: str, limits: Limits) -> None:
        """Give up a sandbox that a program has destroyed; the next `warm` makes another."""
        key = (profile, limits.memory_mb)
        self._boxes.pop(key, None)
        if stack := self._stacks.pop(key, None):
            await stack.aclose()

    async def close(self) -> None:
        for stack in self._stacks.values():
            await stack.aclose()
        self._stacks, self._boxes = {}, {}


@pytest.fixture(scope="package")
async def docker() -> AsyncIterator[Target]:
    async with _target("docker", DockerBackend(settings(), Settings().home), None) as made:
        yield made


@pytest.fixture(scope="package")
async def bubblewrap() -> AsyncIterator[Target]:
    async with _target("bubblewrap", BubblewrapBackend(settings(), Settings().home), None) as made:
        yield made


@pytest.fixture(scope="package")
async def runsc() -> AsyncIterator[Target]:
    home = Settings().home

    def known() -> bool:
        client = engine.connect(engine.engine_url(settings(), home))
        try:
            return "runsc" in client.info().get("Runtimes", {})
        finally:
            client.close()

    with contextlib.suppress(QLPError):
        if await asyncio.to_thread(known):
            async with _target("runsc", DockerBackend(settings(), home), "runsc") as made:
                yield made
            return
    pytest.skip("no engine here knows the runtime runsc")


@contextlib.asynccontextmanager
async def _target(name: str, backend: Backend, runtime: str | None) -> AsyncIterator[Target]:
    status = await backend.probe()
    if not status.available:
        pytest.skip(f"{status.name}: {status.detail}; {status.remedy}")
    async with backend.open("python", LIMITS, runtime=runtime) as box:
        shares = box.isolation.job_namespaces
    made = Target(name, backend, runtime, status.profiles, shares)
    try:
        yield made
        await made.close()
        assert left_on_host(backend) == []
    finally:
        await made.close()
        await backend.close()


@pytest.fixture(params=targets())
def target(request: pytest.FixtureRequest) -> Target:
    made: Target = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def shared(target: Target) -> Target:
    """For what only makes sense where one sandbox serves many jobs."""
    if not target.shares:
        pytest.skip("sandboxes serve one job here; Isolation.job_namespaces says so")
    return target


@pytest.fixture(scope="package")
async def host_services() -> AsyncIterator[dict[str, str]]:
    """A server on the host's loopback and one on an abstract socket: nothing inside may reach them."""
    name = f"qlp-hostile-{uuid.uuid4().hex}"
    tcp = await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0)
    unix = await asyncio.start_unix_server(lambda _, w: w.close(), "\0" + name)
    async with tcp, unix:
        yield {"HOSTILE_PORT": str(tcp.sockets[0].getsockname()[1]), "HOSTILE_ABSTRACT": name}


_FIRST = {"docker": 0, "bubblewrap": 1}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The same runner is inside of Docker and bubblewrap, so each program is run in one of its ways on the one and in
    the next of its ways on the other, by turns. `QLP_HOSTILE=all` runs all ways on both."""
    if os.environ.get("QLP_HOSTILE") == "all":
        return
    turn: dict[str, int] = {}
    dropped: list[pytest.Item] = []
    for item in items:
        params: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
        program, first = params.get("program"), _FIRST.get(params.get("target", ""))
        if program is None or first is None:
            continue
        number = turn.setdefault(program.id, len(turn)) + first
        if params["mode"] != program.modes[number % len(program.modes)]:
            dropped.append(item)
    config.hook.pytest_deselected(items=dropped)
    gone = {id(item) for item in dropped}
    items[:] = [item for item in items if id(item) not in gone]
