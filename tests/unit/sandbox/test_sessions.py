"""Sessions: whose they are, how they end, and that jobs and sessions leave each other room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from qlp.errors import InputError, NotFoundError, OverloadedError, SandboxUnavailableError
from qlp.sandbox.managed import ManagedBackend
from qlp.sandbox.pool import Pool
from qlp.sandbox.protocol import Command, Limits
from qlp.sandbox.service import SandboxService
from qlp.sandbox.sessions import Sessions
from qlp.sandbox.work import SessionSpec
from qlp.telemetry import MemorySandboxMetrics
from tests.support.fake_backend import FakeBackend
from tests.support.pooled import SIZE, Clock, Gate, settings, work

pytestmark = pytest.mark.unit
TRUE = Command(argv=("true",))


def spec(tenant: str = "a", **fields: Any) -> SessionSpec:
    return SessionSpec(**{"profile": "python", "tenant": tenant, "limits": SIZE, **fields})


@asynccontextmanager
async def service(backend: FakeBackend, **fields: Any) -> AsyncIterator[SandboxService]:
    made = SandboxService(backend, settings(**fields), node="abcdef01")
    try:
        yield made
    finally:
        backend.gate.set()
        await asyncio.wait_for(made.drain(0.05), 10)
    assert backend.open_now == []


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_a_session_belongs_to_its_tenant() -> None:
    async with service(FakeBackend()) as there:
        info = await there.open_session(spec("a"))
        assert info.id.startswith("sbx_abcdef01_")
        assert len(info.id.split("_")[2]) >= 32
        assert (await (await there.session(info.id, "a")).run(TRUE)).ok
        for ask in (there.session, there.session_info, there.close_session):
            with pytest.raises(NotFoundError):
                await ask(info.id, "b")
        assert await there.sessions("b") == ()
        assert await there.sessions("a") == (info,)


async def test_a_closed_session_is_gone_and_its_sandbox_with_it() -> None:
    backend = FakeBackend()
    async with service(backend) as there:
        info = await there.open_session(spec())
        sandbox = await there.session(info.id, "a")
        await there.close_session(info.id, "a")
        await asyncio.wait_for(backend.made[0].destroyed.wait(), 10)
        with pytest.raises(NotFoundError):
            await sandbox.run(TRUE)
        with pytest.raises(NotFoundError):
            await there.session(info.id, "a")


async def test_closing_ends_what_runs_in_it() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with service(backend) as there:
        info = await there.open_session(spec())
        running = asyncio.create_task((await there.session(info.id, "a")).run(TRUE))
        await until(lambda: len(gate.started) == 1)
        await there.close_session(info.id, "a")
        with pytest.raises(SandboxUnavailableError):
            await running


async def test_as_many_as_the_settings_say_and_then_429() -> None:
    backend = FakeBackend()
    async with service(backend, sessions=2) as there:
        backend.gate.clear()
        opening = [asyncio.create_task(there.open_session(spec(f"t{n}"))) for n in range(2)]
        await until(lambda: backend.opening == 2)
        with pytest.raises(OverloadedError) as refused:
            await there.open_session(spec())
        assert refused.value.extra["retry_after_s"]
        backend.gate.set()
        infos = await asyncio.gather(*opening)
        await there.close_session(infos[0].id, "t0")
        await there.open_session(spec())


async def test_sessions_and_jobs_leave_each_other_room() -> None:
    backend = FakeBackend()
    async with service(backend, sessions=3, concurrency=1, keep=1) as there:
        for _ in range(3):
            await there.open_session(spec())
        assert (await asyncio.wait_for(there.execute(work()), 10)).result.last.ok
        backend.answer = gate = Gate()
        job = asyncio.create_task(there.execute(work()))
        await until(lambda: len(gate.started) == 1)
        first = (await there.sessions("a"))[0]
        await there.close_session(first.id, "a")
        await asyncio.wait_for(there.open_session(spec()), 10)
        gate.finish_all()
        await job


async def test_a_session_takes_a_warm_sandbox_and_never_a_used_one() -> None:
    backend = FakeBackend()
    async with service(backend, warm={"python": 1}) as there:
        there.start()
        await until(lambda: there.stats().warm == {"python": 1})
        info = await there.open_session(spec())
        assert info.isolation.image == "fake-0"
        assert there.stats().hits == 1
        await there.execute(work("a"))
        other = await there.open_session(spec())
        assert not next(s for s in backend.made if s.isolation == other.isolation).jobs


async def test_a_failed_or_cancelled_opening_gives_its_place_back() -> None:
    backend = FakeBackend()
    async with service(backend, sessions=1) as there:
        backend.fail = SandboxUnavailableError("no engine")
        with pytest.raises(SandboxUnavailableError):
            await there.open_session(spec())
        backend.fail = None
        backend.gate.clear()
        opening = asyncio.create_task(there.open_session(spec()))
        await until(lambda: backend.opening == 1)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        backend.gate.set()
        await there.open_session(spec())
        with pytest.raises(InputError):
            await SandboxService(backend, settings()).open_session(spec(limits=Limits(memory_mb=10_000)))


@asynccontextmanager
async def ticking(backend: FakeBackend) -> AsyncIterator[tuple[Sessions, Clock]]:
    """Sessions with a clock that the test turns; it also says when to look."""
    clock = Clock()
    pool = Pool(backend, settings(), MemorySandboxMetrics(), clock=clock)
    sessions = Sessions(pool, settings(), node="abcdef01", clock=clock)
    try:
        yield sessions, clock
    finally:
        sessions.end_all()
        await pool.drain(0.05)
    assert backend.open_now == []


async def test_unused_for_too_long() -> None:
    backend = FakeBackend()
    async with ticking(backend) as (sessions, clock):
        info = await sessions.open(spec(idle_s=60))
        clock.now += 59
        await sessions.sandbox(info.id, "a").run(TRUE)
        clock.now += 59
        sessions.expire()
        sessions.info(info.id, "a")
        clock.now += 1
        sessions.expire()
        with pytest.raises(NotFoundError):
            sessions.info(info.id, "a")


async def test_a_session_that_works_is_not_idle_but_its_time_ends_all_the_same() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with ticking(backend) as (sessions, clock):
        info = await sessions.open(spec(idle_s=60, ttl_s=100))
        running = asyncio.create_task(sessions.sandbox(info.id, "a").run(TRUE))
        await until(lambda: len(gate.started) == 1)
        clock.now += 99
        sessions.expire()
        sessions.info(info.id, "a")
        clock.now += 1
        sessions.expire()
        with pytest.raises(SandboxUnavailableError):
            await running
        assert len(sessions) == 0


async def test_one_whose_sandbox_died_is_ended() -> None:
    backend = FakeBackend()
    async with ticking(backend) as (sessions, _):
        info = await sessions.open(spec())
        backend.made[0].die()
        with pytest.raises(SandboxUnavailableError):
            await sessions.sandbox(info.id, "a").run(TRUE)
        with pytest.raises(NotFoundError):
            sessions.info(info.id, "a")
        second = await sessions.open(spec())
        backend.made[1].die()
        sessions.expire()
        with pytest.raises(NotFoundError):
            sessions.info(second.id, "a")


async def test_wall_clock_of_a_session_is_its_own_limit() -> None:
    backend = FakeBackend()
    async with service(backend) as there:
        limits = Limits(memory_mb=64, pids=16, cpus=1, disk_mb=32, wall_s=7)
        info = await there.open_session(spec(limits=limits))
        await (await there.session(info.id, "a")).run(TRUE)
        assert backend.made[0].jobs[0].commands[0].wall_s == 7


async def test_a_managed_backend_opens_and_closes_sessions_that_no_tenant_sees() -> None:
    backend = FakeBackend()
    async with service(backend, sessions=1) as there:
        managed = ManagedBackend(there)
        async with managed.open("python", SIZE) as sandbox:
            assert (await sandbox.run(TRUE)).ok
            assert await there.sessions("local") == ()
            waiting = asyncio.create_task(_use(managed))
            await asyncio.sleep(0.01)
            assert not waiting.done(), "it waits for its turn"
        assert await asyncio.wait_for(waiting, 10)
        await until(lambda: backend.open_now == [])


async def test_a_managed_backend_gives_up_when_its_patience_ends() -> None:
    async with service(FakeBackend(), sessions=1) as there:
        await there.open_session(spec())
        with pytest.raises(OverloadedError):
            await _use(ManagedBackend(there, patience_s=0))


async def _use(managed: ManagedBackend) -> bool:
    async with managed.open("python", SIZE) as sandbox:
        return (await sandbox.run(TRUE)).ok
