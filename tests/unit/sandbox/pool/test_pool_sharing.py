"""Who meets whom in which sandbox, and when one is destroyed."""

from __future__ import annotations

import asyncio

import pytest

from qlp.errors import InputError, SandboxProtocolError, SandboxUnavailableError, StorageError
from qlp.sandbox.protocol import Command, Job, JobResult, Limits, OutputListener
from tests.support.fake_backend import FakeBackend, FakeSandbox, ended
from tests.support.pooled import Gate, pooled, work

pytestmark = pytest.mark.unit


async def test_a_tenant_gets_its_own_sandbox_again() -> None:
    async with pooled() as there:
        first = await there.pool.run(work("a"))
        second = await there.pool.run(work("a"))
        assert first.isolation.image == second.isolation.image == "fake-0"
        assert (first.path, second.path) == ("cold", "warm")
        assert (first.mode, second.mode) == ("shared-tenant", "shared-tenant")
        assert there.pool.stats().hits == there.pool.stats().misses == 1


async def test_two_tenants_never_meet() -> None:
    async with pooled() as there:
        images = {(await there.pool.run(work(tenant))).isolation.image for tenant in ("a", "b", "c")}
        assert len(images) == 3
        again = {(await there.pool.run(work(tenant))).isolation.image for tenant in ("c", "b", "a")}
        assert again == images


async def test_a_warm_one_waits_for_whoever_comes_first_and_is_replaced() -> None:
    async with pooled(warm={"python": 2}) as there:
        there.pool.start()
        await there.until(lambda: there.pool.stats().warm == {"python": 2})
        done = await there.pool.run(work("a"))
        assert done.path == "warm"
        await there.until(lambda: there.pool.stats().warm == {"python": 2})
        other = await there.pool.run(work("b"))
        assert other.path == "warm"
        assert other.isolation.image != done.isolation.image
        assert there.metrics.acquisitions == {"warm": 2}


async def test_refills_are_made_one_at_a_time() -> None:
    backend = FakeBackend()
    backend.gate.clear()
    async with pooled(backend, warm={"python": 3}, refill_concurrency=1) as there:
        there.pool.start()
        await there.until(lambda: backend.opening == 1)
        await asyncio.sleep(0.03)
        assert backend.asked == 1
        backend.gate.set()
        await there.until(lambda: there.pool.stats().warm == {"python": 3})


async def test_a_strict_job_has_a_sandbox_that_served_nobody_and_serves_nobody_after() -> None:
    async with pooled() as there:
        shared = await there.pool.run(work("a"))
        strict = await there.pool.run(work("a", mode="strict"))
        assert strict.isolation.image != shared.isolation.image
        assert strict.mode == "strict"
        assert there.recycled == {"strict": 1}
        assert (await there.pool.run(work("a"))).isolation.image == shared.isolation.image


async def test_without_namespaces_for_jobs_every_job_is_strict() -> None:
    async with pooled(FakeBackend(job_namespaces=False)) as there:
        images = [(await there.pool.run(work("a"))) for _ in range(3)]
        assert len({done.isolation.image for done in images}) == 3
        assert {done.mode for done in images} == {"strict"}
        assert there.recycled == {"strict": 3}


async def test_other_limits_are_another_sandbox_but_wall_clock_and_output_are_not() -> None:
    async with pooled() as there:
        first = await there.pool.run(work(limits=Limits(memory_mb=64, pids=16, cpus=1, disk_mb=32, wall_s=5)))
        longer = Limits(memory_mb=64, pids=16, cpus=1, disk_mb=32, wall_s=50, output_bytes=10)
        assert (await there.pool.run(work(limits=longer))).isolation.image == first.isolation.image
        smaller = Limits(memory_mb=32, pids=16, cpus=1, disk_mb=32)
        assert (await there.pool.run(work(limits=smaller))).isolation.image != first.isolation.image


async def test_wall_clock_and_output_hold_although_the_sandbox_was_opened_with_more() -> None:
    backend = FakeBackend()
    pieces: list[bytes] = []

    async def answer(sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
        for _ in range(5):
            listen("stdout", b"abc")
        return JobResult(results=(ended(stdout=b"abc" * 5),))

    backend.answer = answer
    async with pooled(backend) as there:
        limits = Limits(memory_mb=64, pids=16, cpus=1, disk_mb=32, wall_s=7, output_bytes=4)
        commands = (Command(argv=("a",)), Command(argv=("b",), wall_s=3), Command(argv=("c",), wall_s=99))
        done = await there.pool.run(
            work(limits=limits, job=Job(commands=commands[:1])), on_output=lambda stream, data: pieces.append(data)
        )
        assert done.result.last.stdout == b"abca"
        assert done.result.last.truncated
        assert b"".join(pieces) == b"abca"
        await there.pool.run(work(limits=limits, job=Job(commands=commands)))
        assert [command.wall_s for command in backend.made[0].jobs[-1].commands] == [7, 3, 7]


@pytest.mark.parametrize(
    "limits",
    [
        Limits(memory_mb=65, pids=16, cpus=1, disk_mb=32),
        Limits(memory_mb=64, pids=17, cpus=1, disk_mb=32),
        Limits(memory_mb=64, pids=16, cpus=1.5, disk_mb=32),
        Limits(memory_mb=64, pids=16, cpus=1, disk_mb=33),
        Limits(memory_mb=0, pids=16, cpus=1, disk_mb=32),
    ],
)
async def test_limits_over_the_ceilings_are_refused(limits: Limits) -> None:
    async with pooled() as there:
        with pytest.raises(InputError):
            await there.pool.run(work(limits=limits))
        assert there.backend.asked == 0
        assert there.metrics.jobs == {"refused": 1}


async def test_only_runtimes_of_the_settings_may_be_asked_for() -> None:
    async with pooled(runtimes=("runsc",)) as there:
        with pytest.raises(InputError, match="runsc"):
            await there.pool.run(work(runtime="evil"))
        await there.pool.run(work(runtime="runsc"))


async def test_destroyed_after_out_of_memory() -> None:
    backend = FakeBackend()

    async def answer(sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
        return JobResult(results=(ended(137, oom=True),))

    backend.answer = answer
    async with pooled(backend) as there:
        assert (await there.pool.run(work())).result.last.oom
        assert there.recycled == {"oom": 1}
        assert there.metrics.jobs == {"oom": 1}


async def test_destroyed_after_enough_jobs_and_when_old() -> None:
    async with pooled(max_jobs=2, max_age_s=100) as there:
        images = [(await there.pool.run(work())).isolation.image for _ in range(3)]
        assert images == ["fake-0", "fake-0", "fake-1"]
        assert there.recycled == {"jobs": 1}
        there.clock.now += 101
        assert (await there.pool.run(work())).isolation.image == "fake-2"
        assert there.recycled == {"jobs": 1, "age": 1}


async def test_a_bound_one_is_destroyed_when_unused_and_a_ready_one_is_not() -> None:
    async with pooled(warm={"python": 1}, idle_s=50) as there:
        done = await there.pool.run(work())
        await there.until(lambda: there.pool.stats().warm.get("python", 0) >= 1)
        (bound,) = [sandbox for sandbox in there.backend.made if sandbox.isolation == done.isolation]
        there.clock.now += 51
        await asyncio.wait_for(bound.destroyed.wait(), 10)
        assert there.recycled == {"idle": 1}
        await there.until(lambda: there.pool.stats().warm.get("python", 0) >= 1)


async def test_one_that_died_while_idle_is_replaced_silently_and_counts_as_a_miss() -> None:
    async with pooled() as there:
        await there.pool.run(work())
        there.backend.made[0].die()
        done = await there.pool.run(work())
        assert done.isolation.image == "fake-1"
        assert done.path == "cold"
        assert there.recycled == {"lost": 1}


async def test_a_dead_ready_one_is_noticed_and_refilled() -> None:
    async with pooled(warm={"python": 1}) as there:
        there.pool.start()
        await there.until(lambda: there.pool.stats().warm == {"python": 1})
        there.backend.made[0].die()
        await there.until(lambda: len(there.backend.made) == 2 and there.pool.stats().warm == {"python": 1})


async def test_a_job_that_never_began_is_given_to_another_sandbox_once() -> None:
    backend = FakeBackend()
    asked: list[int] = []

    async def answer(sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
        asked.append(sandbox.number)
        if sandbox.number == 0:
            sandbox.die()
            raise SandboxUnavailableError("gone at once", started=False)
        return JobResult(results=(ended(),))

    backend.answer = answer
    async with pooled(backend) as there:
        done = await there.pool.run(work())
        assert asked == [0, 1]
        assert done.isolation.image == "fake-1"
        assert there.recycled == {"lost": 1}


async def test_a_job_is_retried_once_and_not_more() -> None:
    backend = FakeBackend()

    async def answer(sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
        raise SandboxUnavailableError("gone at once", started=False)

    backend.answer = answer
    async with pooled(backend) as there:
        with pytest.raises(SandboxUnavailableError):
            await there.pool.run(work())
        assert len(backend.made) == 2
        assert there.recycled == {"lost": 2}


@pytest.mark.parametrize(
    ("error", "reason"),
    [(SandboxUnavailableError("it died"), "lost"), (SandboxProtocolError("no answer"), "late")],
)
async def test_a_job_that_may_have_run_is_never_run_again(error: Exception, reason: str) -> None:
    backend = FakeBackend()

    async def answer(sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
        raise error

    backend.answer = answer
    async with pooled(backend) as there:
        with pytest.raises(type(error)):
            await there.pool.run(work())
        assert sum(len(sandbox.jobs) for sandbox in backend.made) == 1
        assert there.recycled == {reason: 1}
        assert there.metrics.jobs == {"error": 1}


@pytest.mark.parametrize("error", [InputError("a bad path"), StorageError("full")])
async def test_a_wrong_job_does_not_cost_the_sandbox(error: Exception) -> None:
    backend = FakeBackend()

    async def answer(sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
        raise error

    backend.answer = answer
    async with pooled(backend) as there:
        for _ in range(2):
            with pytest.raises(type(error)):
                await there.pool.run(work())
        assert len(backend.made) == 1
        assert there.recycled == {}


async def test_a_sandbox_that_fails_its_check_is_destroyed_and_the_result_counts() -> None:
    backend = FakeBackend()

    async def answer(sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
        sandbox.dead = "check"
        return JobResult(results=(ended(),))

    backend.answer = answer
    async with pooled(backend) as there:
        assert (await there.pool.run(work())).result.last.ok
        assert there.recycled == {"check": 1}


async def test_no_more_are_kept_than_the_settings_say() -> None:
    async with pooled(keep=3, concurrency=4) as there:
        await asyncio.gather(*(there.pool.run(work(f"t{n}")) for n in range(8)))
        await there.until(lambda: len(there.backend.open_now) <= 3)
        assert there.backend.most_open <= 4 * 2


async def test_nothing_is_kept_where_nothing_may_be_kept() -> None:
    async with pooled(keep=0) as there:
        await there.pool.run(work())
        await there.until(lambda: there.backend.open_now == [])
        assert there.recycled == {"room": 1}


async def test_the_bound_one_unused_for_longest_makes_room() -> None:
    async with pooled(keep=2, concurrency=1) as there:
        for tenant in ("a", "b"):
            await there.pool.run(work(tenant))
            there.clock.now += 1
        await there.pool.run(work("a"))
        there.clock.now += 1
        assert (await there.pool.run(work("c"))).path == "cold"
        assert there.recycled == {"tenant": 1}
        assert (await there.pool.run(work("a"))).path == "warm"


async def test_many_tenants_still_find_a_warm_one() -> None:
    async with pooled(warm={"python": 1}, keep=3, concurrency=1) as there:
        there.pool.start()
        for n in range(8):
            await there.until(lambda: there.pool.stats().warm == {"python": 1})
            assert (await there.pool.run(work(f"t{n}"))).path == "warm"
            there.clock.now += 1
        assert len(there.backend.open_now) <= 4


async def test_gauges_and_outcomes_are_told() -> None:
    backend = FakeBackend()
    backend.answer = gate = Gate()
    async with pooled(backend, concurrency=1) as there:
        jobs = [asyncio.create_task(there.pool.run(work())) for _ in range(3)]
        await there.until(lambda: there.metrics.now.busy == 1 and there.metrics.now.waiting == 2)
        assert there.pool.stats().busy == 1
        assert there.pool.stats().waiting == 2
        for n in range(3):
            await there.until(lambda n=n: len(gate.started) == n + 1)
            gate.finish_one()
        await asyncio.gather(*jobs)
        assert there.metrics.jobs == {"ok": 3}
        assert len(there.metrics.acquire_s) == 3
        assert there.pool.stats().jobs == 3


async def test_a_language_shares_its_profiles_sandboxes_and_an_unknown_name_is_refused() -> None:
    async with pooled(warm={"javascript": 1}) as there:
        there.pool.start()
        await there.until(lambda: there.pool.stats().warm == {"node": 1})
        assert (await there.pool.run(work(profile="typescript"))).path == "warm"
        asked = there.backend.asked
        with pytest.raises(InputError, match="no such sandbox profile"):
            await there.pool.run(work(profile="cobol"))
        assert there.backend.asked - asked <= 1, "no more than the refill"


async def test_a_profile_to_keep_warm_that_does_not_exist_is_asked_for_once() -> None:
    backend = FakeBackend()
    backend.fail = InputError("no such profile")
    async with pooled(backend, warm={"cobol": 2}) as there:
        there.pool.start()
        await there.until(lambda: backend.asked == 1)
        await asyncio.sleep(0.05)
        assert backend.asked == 1
        assert there.pool.stats().breaker == "closed"
