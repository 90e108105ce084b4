"""The queue, cancellation at every point, and the end."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from qlp.errors import OverloadedError, SandboxUnavailableError
from qlp.sandbox.work import SessionSpec
from qlp.telemetry.sandbox import JobOutcome
from tests.support.fake_backend import FakeBackend
from tests.support.pooled import SIZE, Gate, pooled, work

pytestmark = pytest.mark.unit


async def test_no_more_jobs_run_at_once_than_the_settings_say() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with pooled(backend, concurrency=2, queue=20) as there:
        jobs = [asyncio.create_task(there.pool.run(work(f"t{n % 3}"))) for n in range(9)]
        for n in range(9):
            await there.until(lambda n=n: len(gate.started) > n)
            gate.finish_one()
        await asyncio.gather(*jobs)
        assert backend.most_working == 2


async def test_a_full_queue_refuses_and_says_when_to_try_again() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with pooled(backend, concurrency=1, queue=2) as there:
        jobs = [asyncio.create_task(there.pool.run(work())) for _ in range(3)]
        await there.until(lambda: there.pool.stats().waiting == 2 and len(gate.started) == 1)
        with pytest.raises(OverloadedError) as refused:
            await there.pool.run(work())
        assert 1 <= refused.value.extra["retry_after_s"] <= 30
        for n in range(3):
            await there.until(lambda n=n: len(gate.started) == n + 1)
            gate.finish_one()
        assert all(done.result.last.ok for done in await asyncio.gather(*jobs))


async def test_without_a_queue_only_what_can_start_is_taken() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with pooled(backend, concurrency=1, queue=0) as there:
        job = asyncio.create_task(there.pool.run(work()))
        await there.until(lambda: len(gate.started) == 1)
        with pytest.raises(OverloadedError):
            await there.pool.run(work("b"))
        gate.finish_one()
        await job


async def test_a_tenant_with_many_jobs_does_not_starve_another() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    order: list[str] = []

    async with pooled(backend, concurrency=1, queue=50) as there:

        async def run(tenant: str) -> None:
            await there.pool.run(work(tenant))
            order.append(tenant)

        greedy = [asyncio.create_task(run("greedy")) for _ in range(10)]
        await there.until(lambda: there.pool.stats().waiting == 9)
        modest = [asyncio.create_task(run("modest")) for _ in range(2)]
        await there.until(lambda: there.pool.stats().waiting == 11)
        for n in range(12):
            await there.until(lambda n=n: len(gate.started) == n + 1)
            gate.finish_one()
        await asyncio.gather(*greedy, *modest)
        assert order[:5].count("modest") == 2, order


async def test_a_full_queue_takes_a_newcomer_and_refuses_the_newest_of_the_greediest() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with pooled(backend, concurrency=1, queue=3) as there:
        greedy = [asyncio.create_task(there.pool.run(work("greedy"))) for _ in range(4)]
        await there.until(lambda: there.pool.stats().waiting == 3 and len(gate.started) == 1)
        modest = asyncio.create_task(there.pool.run(work("modest")))
        with pytest.raises(OverloadedError):
            await greedy[-1]
        for n in range(4):
            await there.until(lambda n=n: len(gate.started) == n + 1)
            gate.finish_one()
        assert all(done.result.last.ok for done in await asyncio.gather(*greedy[:-1], modest))


# --- cancellation --------------------------------------------------------------------------------------------------


async def test_cancelled_in_the_queue() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with pooled(backend, concurrency=1) as there:
        first = asyncio.create_task(there.pool.run(work()))
        await there.until(lambda: len(gate.started) == 1)
        second = asyncio.create_task(there.pool.run(work("b")))
        await there.until(lambda: there.pool.stats().waiting == 1)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert there.pool.stats().waiting == 0
        gate.finish_one()
        await first
        assert len(gate.started) == 1
        assert there.metrics.jobs == {"cancelled": 1, "ok": 1}


async def test_cancelled_while_its_sandbox_is_made() -> None:
    backend = FakeBackend()
    backend.gate.clear()
    async with pooled(backend) as there:
        job = asyncio.create_task(there.pool.run(work()))
        await there.until(lambda: backend.opening == 1)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        backend.gate.set()
        done = await there.pool.run(work("b"))
        assert done.isolation.image == "fake-0", "what was made for the one who left serves the next"
        assert backend.made[0].jobs != []


async def test_cancelled_in_mid_job_destroys_the_sandbox() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with pooled(backend) as there:
        job = asyncio.create_task(there.pool.run(work()))
        await there.until(lambda: len(gate.started) == 1)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        await asyncio.wait_for(backend.made[0].destroyed.wait(), 10)
        assert there.recycled == {"late": 1}
        assert there.pool.stats().busy == 0


async def test_cancelled_in_the_moment_in_which_it_is_granted() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with pooled(backend, concurrency=1) as there:
        first = asyncio.create_task(there.pool.run(work()))
        await there.until(lambda: len(gate.started) == 1)
        second = asyncio.create_task(there.pool.run(work()))
        await there.until(lambda: there.pool.stats().waiting == 1)
        busy: list[int] = []

        def job(outcome: JobOutcome) -> None:
            """Told when the first has handed its sandbox to the second, which has not run since."""
            busy.append(there.pool.stats().busy)
            second.cancel()

        there.metrics.job = job  # type: ignore[method-assign]
        gate.finish_one()
        await first
        with pytest.raises(asyncio.CancelledError):
            await second
        assert busy[0] == 1
        assert len(gate.started) == 1, "it must not have begun"
        assert there.pool.stats().busy == 0
        third = asyncio.create_task(there.pool.run(work()))
        await there.until(lambda: len(gate.started) == 2)
        gate.finish_all()
        assert (await third).path == "warm"


async def test_cancelled_after_any_number_of_steps() -> None:
    """At each await between the call and the result: nothing stays busy, and the next job runs."""
    for steps in range(40):
        async with pooled(concurrency=1, warm={"python": 1}) as there:
            job = asyncio.create_task(there.pool.run(work()))
            for _ in range(steps):
                await asyncio.sleep(0)
            job.cancel()
            with suppress(asyncio.CancelledError):
                await job
            await there.until(lambda there=there: there.pool.stats().busy == there.pool.stats().waiting == 0)
            assert (await asyncio.wait_for(there.pool.run(work("b")), 10)).result.last.ok


# --- breaker -------------------------------------------------------------------------------------------------------


async def test_a_backend_that_keeps_failing_is_asked_no_more_until_later() -> None:
    backend = FakeBackend()
    backend.fail = SandboxUnavailableError("the engine is gone", remedy="start it")
    async with pooled(backend) as there:
        for _ in range(3):
            with pytest.raises(SandboxUnavailableError):
                await there.pool.run(work())
        assert backend.asked == 3
        assert there.pool.stats().breaker == "open"
        with pytest.raises(SandboxUnavailableError, match="the engine is gone") as refused:
            await there.pool.run(work())
        assert refused.value.extra["remedy"] == "start it"
        assert backend.asked == 3, "refused at once"
        there.clock.now += 2
        assert there.pool.stats().breaker == "half-open"
        with pytest.raises(SandboxUnavailableError):
            await there.pool.run(work())
        assert there.pool.stats().breaker == "open"
        there.clock.now += 1.5
        assert there.pool.stats().breaker == "open", "the second pause is longer"
        backend.fail = None
        there.clock.now += 1
        assert (await there.pool.run(work())).result.last.ok
        assert there.pool.stats().breaker == "closed"


async def test_while_one_tries_for_all_the_others_wait_for_its_end() -> None:
    backend = FakeBackend()
    backend.fail = SandboxUnavailableError("gone")
    async with pooled(backend, concurrency=4) as there:
        for _ in range(3):
            with pytest.raises(SandboxUnavailableError):
                await there.pool.run(work())
        backend.fail = None
        backend.gate.clear()
        there.clock.now += 2
        jobs = [asyncio.create_task(there.pool.run(work(f"t{n}"))) for n in range(3)]
        await there.until(lambda: there.pool.stats().waiting == 2)
        assert backend.opening == 1
        backend.gate.set()
        assert all(done.result.last.ok for done in await asyncio.gather(*jobs))


async def test_warm_ones_serve_while_the_breaker_is_open() -> None:
    backend = FakeBackend()
    async with pooled(backend) as there:
        await there.pool.run(work("a"))
        backend.fail = SandboxUnavailableError("gone")
        for _ in range(3):
            with pytest.raises(SandboxUnavailableError):
                await there.pool.run(work("b"))
        assert (await there.pool.run(work("a"))).path == "warm"


async def test_one_profile_that_fails_does_not_stop_another() -> None:
    backend = FakeBackend()
    async with pooled(backend) as there:
        backend.fail = SandboxUnavailableError("the image is not built")
        for _ in range(4):
            with pytest.raises(SandboxUnavailableError):
                await there.pool.run(work(profile="go"))
        backend.fail = None
        assert (await there.pool.run(work(profile="python"))).result.last.ok


async def test_the_pool_fills_by_itself_when_the_backend_comes_back() -> None:
    backend = FakeBackend()
    backend.fail = SandboxUnavailableError("gone")
    async with pooled(backend, warm={"python": 1}) as there:
        there.pool.start()
        await there.until(lambda: there.pool.stats().breaker == "open")
        backend.fail = None
        there.clock.now += 40
        await there.until(lambda: there.pool.stats().warm == {"python": 1})


# --- the end -------------------------------------------------------------------------------------------------------


async def test_draining_lets_jobs_finish_and_takes_no_new_ones() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with pooled(backend, concurrency=1, warm={"python": 1}) as there:
        running = asyncio.create_task(there.pool.run(work()))
        await there.until(lambda: len(gate.started) == 1)
        waiting = asyncio.create_task(there.pool.run(work("b")))
        await there.until(lambda: there.pool.stats().waiting == 1)
        draining = asyncio.create_task(there.pool.drain(10))
        with pytest.raises(SandboxUnavailableError):
            await waiting
        with pytest.raises(SandboxUnavailableError):
            await there.pool.run(work())
        gate.finish_one()
        assert (await running).result.last.ok
        await asyncio.wait_for(draining, 10)
        assert backend.open_now == []
        assert set(there.recycled) == {"drain"}


async def test_draining_ends_jobs_that_do_not_end() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with pooled(backend) as there:
        running = asyncio.create_task(there.pool.run(work()))
        await there.until(lambda: len(gate.started) == 1)
        await asyncio.wait_for(there.pool.drain(0.01), 10)
        with pytest.raises(SandboxUnavailableError):
            await running
        assert backend.open_now == []


async def test_draining_gives_up_what_is_being_made() -> None:
    backend = FakeBackend()
    backend.gate.clear()
    async with pooled(backend, warm={"python": 1}) as there:
        pin = asyncio.create_task(there.pool.pin(SessionSpec(profile="go", limits=SIZE)))
        there.pool.start()
        await there.until(lambda: backend.opening == 2)
        draining = asyncio.create_task(there.pool.drain(0.01))
        await there.until(lambda: backend.opening == 1)
        backend.gate.set()
        await asyncio.wait_for(draining, 10)
        with pytest.raises(SandboxUnavailableError):
            await pin
        await there.until(lambda: backend.open_now == [])
