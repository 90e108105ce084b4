"""The manager actor: jobs and sessions across processes, and what a kill -9 of any of them leaves behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import ray

from actors.sandbox_client import ManagerClient
from actors.sandbox_manager import manager_handles, start_managers
from actors.sandbox_nodes import manager_names
from qlp.config import SandboxSettings, Settings
from qlp.errors import InputError, NotFoundError, OverloadedError, QLPError, SandboxUnavailableError
from qlp.sandbox.managed import ManagedBackend
from qlp.sandbox.protocol import Job, Limits
from qlp.sandbox.work import SessionSpec, Work
from tests.ray.fake_engine import command

pytestmark = pytest.mark.ray

NAMESPACE = "manager-tests"
SANDBOX = SandboxSettings(concurrency=2, queue=2, sessions=2, warm={"python": 1})


class Managed:
    def __init__(self, home: Path, namespace: str = NAMESPACE) -> None:
        self.home = home
        self.namespace = namespace
        self.settings = Settings(home=home, sandbox=SANDBOX)
        self.client = ManagerClient(namespace)

    async def start(self) -> None:
        start_managers(self.settings, namespace=self.namespace, opener="tests.ray.fake_engine:open_engine")
        await self.client.status(timeout_s=60)

    def end(self) -> None:
        for handle in manager_handles(self.namespace):
            ray.kill(handle)

    def log(self) -> list[str]:
        file = self.home / "engine.log"
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []

    async def until(self, what: str | Callable[[], bool], *, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not (what in self.log() if isinstance(what, str) else what()):
            assert time.monotonic() < end, f"{what} did not happen: {self.log()}"
            await asyncio.sleep(0.02)

    async def pid(self) -> int:
        (handle,) = manager_handles(self.namespace)
        health = await asyncio.wait_for(asyncio.wrap_future(handle.health.remote().future()), 60)
        return int(health.pid)


@pytest.fixture(scope="module")
async def managed(ray_cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Managed]:
    there = Managed(tmp_path_factory.mktemp("manager-home"))
    await there.start()
    yield there
    there.end()


@pytest.fixture(autouse=True)
async def _nothing_is_left(managed: Managed) -> AsyncIterator[None]:
    yield
    stats = (await managed.client.stats())[0]
    end = time.monotonic() + 30
    while (stats.busy or stats.waiting or stats.sessions) and time.monotonic() < end:
        await asyncio.sleep(0.05)
        stats = (await managed.client.stats())[0]
    assert (stats.busy, stats.waiting, stats.sessions) == (0, 0, 0)


def work(id: str, *, tenant: str = "a", **script: object) -> Work:
    return Work(profile="python", tenant=tenant, job=Job(commands=(command(id, **script),)))


def spec(tenant: str = "a", **fields: Any) -> SessionSpec:
    return SessionSpec(profile="python", tenant=tenant, **fields)


async def test_there_is_one_manager_a_node_and_starting_again_changes_nothing(managed: Managed) -> None:
    names = manager_names(NAMESPACE)
    assert len(names) == 1
    before = await managed.pid()
    start_managers(managed.settings, namespace=NAMESPACE, opener="tests.ray.fake_engine:open_engine")
    assert manager_names(NAMESPACE) == names
    assert await managed.pid() == before


async def test_a_job_and_its_stats(managed: Managed) -> None:
    before = (await managed.client.stats())[0]
    done = await managed.client.execute(work("plain", say=["hello"]))
    assert done.result.last.stdout == b"hello"
    again = await managed.client.execute(work("plain2"))
    assert again.isolation == done.isolation
    assert again.path == "warm"
    assert (await managed.client.stats())[0].jobs == before.jobs + 2
    assert (await managed.client.status()).available


async def test_output_comes_while_the_job_runs(managed: Managed) -> None:
    pieces: list[bytes] = []
    heard_before_its_end: list[bool] = []

    def listen(stream: str, data: bytes) -> None:
        pieces.append(data)
        heard_before_its_end.append("end:stream" not in managed.log())

    words = [f"word{n} " for n in range(6)]
    done = await managed.client.execute(work("stream", say=words, pause=0.1), listen)
    assert b"".join(pieces) == "".join(words).encode() == done.result.last.stdout
    assert len(pieces) > 1
    assert heard_before_its_end[0]


async def test_errors_keep_their_class(managed: Managed) -> None:
    wrong = Work(profile="python", limits=Limits(memory_mb=10**6), job=Job(commands=(command("wrong"),)))
    with pytest.raises(InputError, match="memory_mb"):
        await managed.client.execute(wrong)
    with pytest.raises(InputError, match="memory_mb"):
        await managed.client.execute(wrong, lambda stream, data: None)
    with pytest.raises(NotFoundError):
        await managed.client.session("sbx_00000000_ffffffff", "a")
    with pytest.raises(NotFoundError):
        await managed.client.session("nonsense", "a")


async def test_a_full_queue_is_refused_and_a_cancelled_job_is_cancelled(managed: Managed) -> None:
    jobs = [asyncio.create_task(managed.client.execute(work(f"full{n}", sleep=60))) for n in range(4)]
    await managed.until(lambda: sum(line.startswith("start:full") for line in managed.log()) == 2)
    async with asyncio.timeout(30):
        while (await managed.client.stats())[0].waiting < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    with pytest.raises(OverloadedError) as refused:
        await managed.client.execute(work("one-more"))
    assert refused.value.extra["retry_after_s"]
    for job in jobs:
        job.cancel()
    ends = await asyncio.gather(*jobs, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends)

    def begun_and_cancelled() -> tuple[int, int]:
        """One that waited may begin in the moment between two cancellations: then it is cancelled as well."""
        log = managed.log()
        return sum(line.startswith("start:full") for line in log), sum(line.startswith("cancel:full") for line in log)

    await managed.until(lambda: len(set(begun_and_cancelled())) == 1)
    assert begun_and_cancelled()[0] >= 2
    assert "start:one-more" not in managed.log()


async def test_a_streaming_job_whose_caller_leaves_is_cancelled(managed: Managed) -> None:
    job = asyncio.create_task(managed.client.execute(work("left", say=["a"], sleep=60), lambda stream, data: None))
    await managed.until("start:left")
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    await managed.until("cancel:left")


async def test_a_session(managed: Managed) -> None:
    info = await managed.client.open_session(spec())
    node = manager_names(NAMESPACE)[0].rpartition("-")[2]
    assert info.id.startswith(f"sbx_{node}_")
    sandbox = await managed.client.session(info.id, "a")
    assert sandbox.isolation == info.isolation
    assert (await sandbox.run(command("in-session", say=["x", "y"]))).stdout == b"xy"
    pieces: list[bytes] = []
    told = await sandbox.run(
        command("in-session2", say=["1", "2"], pause=0.1), on_output=lambda stream, data: pieces.append(data)
    )
    assert b"".join(pieces) == told.stdout == b"12"
    await sandbox.put({"a.txt": b"data"}, executable=frozenset({"a.txt"}))
    assert await sandbox.get("a.txt") == b"a.txt"
    assert await sandbox.poll(await sandbox.start(command("server"))) is None
    assert (await sandbox.http("GET", 80, "/", timeout_s=1)).status == 200
    assert (await sandbox.stop("1")).ok
    with pytest.raises(NotFoundError):
        await managed.client.session(info.id, "b")
    assert await managed.client.sessions("a") == (info,)
    assert await managed.client.sessions("b") == ()
    await managed.client.close_session(info.id, "a")
    with pytest.raises(NotFoundError):
        await sandbox.run(command("too-late"))


async def test_sessions_are_bounded_and_jobs_go_on(managed: Managed) -> None:
    infos = [await managed.client.open_session(spec()) for _ in range(2)]
    with pytest.raises(OverloadedError):
        await managed.client.open_session(spec())
    assert (await managed.client.execute(work("beside-sessions"))).result.last.ok
    for info in infos:
        await managed.client.close_session(info.id, "a")


@pytest.mark.chaos
async def test_a_killed_manager_comes_back_and_its_callers_are_told(managed: Managed) -> None:
    info = await managed.client.open_session(spec())
    sandbox = await managed.client.session(info.id, "a")
    jobs = [
        asyncio.create_task(managed.client.execute(work("killed", sleep=60))),
        asyncio.create_task(managed.client.execute(work("killed2", sleep=60), lambda stream, data: None)),
    ]
    await managed.until("start:killed")
    await managed.until("start:killed2")
    pid = await managed.pid()
    os.kill(pid, signal.SIGKILL)
    for end in await asyncio.gather(*jobs, return_exceptions=True):
        assert isinstance(end, SandboxUnavailableError)
    assert managed.log().count("start:killed") == 1, "it is never run twice"
    deadline = time.monotonic() + 60
    while True:
        try:
            done = await managed.client.execute(work("after"))
            break
        except SandboxUnavailableError:
            assert time.monotonic() < deadline, "the manager did not come back"
            await asyncio.sleep(0.2)
    assert done.result.last.ok
    assert await managed.pid() != pid
    with pytest.raises(NotFoundError):
        await sandbox.run(command("session-is-gone"))


class Holder:
    """A worker that holds a session, as a validation does."""

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self._client = ManagerClient(NAMESPACE)

    async def hold(self) -> str:
        info = await self._client.open_session(spec("holder", idle_s=self._idle_s))
        return info.id

    async def pid(self) -> int:
        return os.getpid()


@pytest.mark.chaos
async def test_the_session_of_a_killed_worker_ends(managed: Managed) -> None:
    holder = ray.remote(num_cpus=0.1)(Holder).remote(3.0)
    id = await asyncio.wrap_future(holder.hold.remote().future())
    assert [info.id for info in await managed.client.sessions("holder")] == [id]
    os.kill(await asyncio.wrap_future(holder.pid.remote().future()), signal.SIGKILL)
    deadline = time.monotonic() + 60
    while await managed.client.sessions("holder"):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_a_validation_waits_its_turn_for_a_session(managed: Managed) -> None:
    backend = ManagedBackend(managed.client)

    async def use(n: int) -> bool:
        async with backend.open("python") as sandbox:
            return (await sandbox.run(command(f"turn{n}", sleep=0.2))).ok

    assert all(await asyncio.gather(*(use(n) for n in range(4))))
    assert (await backend.probe()).available


async def test_without_managers_the_answer_says_what_to_do() -> None:
    client = ManagerClient("no-such-namespace")
    with pytest.raises(SandboxUnavailableError, match="resources"):
        await client.execute(work("nowhere"))
    with pytest.raises(QLPError):
        await client.status()


async def test_a_drained_manager_has_destroyed_everything_and_takes_nothing(ray_cluster: str, tmp_path: Path) -> None:
    there = Managed(tmp_path, "drain-test")
    await there.start()
    (handle,) = manager_handles(there.namespace)
    running = asyncio.create_task(there.client.execute(work("drained", sleep=1)))
    await there.client.open_session(spec())
    await there.until("start:drained")
    await asyncio.wait_for(asyncio.wrap_future(handle.drain.remote().future()), 60)
    assert (await running).result.last.ok, "what ran could end"
    opened = {line.removeprefix("open:") for line in there.log() if line.startswith("open:")}
    closed = {line.removeprefix("close:") for line in there.log() if line.startswith("close:")}
    assert opened == closed != set()
    with pytest.raises(SandboxUnavailableError):
        await there.client.execute(work("too-late"))
    there.end()
