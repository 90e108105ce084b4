from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qlp.errors import ConflictError, IdempotencyMismatchError, NotFoundError, OverloadedError
from qlp.models import Problem, Request
from qlp.store import Database, EventStore, RunStore, sqlite_url
from qlp.store.runs import MAX_CRASHES
from qlp.store.schema import create_all

pytestmark = pytest.mark.unit


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path))
    create_all(database)
    yield database
    database.close()


@pytest.fixture
def runs(database: Database, clock: Clock) -> RunStore:
    return RunStore(database, clock)


@pytest.fixture
def events(database: Database, clock: Clock) -> EventStore:
    return EventStore(database, clock)


async def make(runs: RunStore, text: str = "a library", tenant: str = "a", key: str | None = None) -> str:
    run, _ = await runs.create(Request(text=text), tenant=tenant, queue_limit=100, idempotency_key=key)
    return run.id


async def types_of(events: EventStore, run_id: str) -> list[str]:
    return [event.type for event in (await events.after(run_id))[0]]


async def test_the_request_comes_back_as_it_was_given(runs: RunStore) -> None:
    request = Request(text="Bücher 本 🙂", language="go", tests={"a_test.go": "package a"}, deadline_s=5)
    run, new = await runs.create(request, tenant="a", queue_limit=1)
    assert new
    assert (await runs.get(run.id, tenant="a")).request == request


async def test_another_tenant_sees_nothing(runs: RunStore) -> None:
    run_id = await make(runs, tenant="a")
    for call in (
        runs.get(run_id, tenant="b"),
        runs.cancel(run_id, tenant="b"),
        runs.resume(run_id, tenant="b", live=()),
        runs.list(tenant="b", after=run_id),
    ):
        with pytest.raises(NotFoundError):
            await call
    assert (await runs.list(tenant="b")).data == ()


async def test_the_same_key_and_body_give_the_same_run_also_when_they_come_at_once(runs: RunStore) -> None:
    ids = await asyncio.gather(*(make(runs, key="k") for _ in range(8)))
    assert len(set(ids)) == 1
    assert len((await runs.list(tenant="a")).data) == 1


async def test_a_key_belongs_to_its_tenant_and_body_and_expires(runs: RunStore, clock: Clock) -> None:
    first = await make(runs, key="k")
    assert await make(runs, tenant="b", key="k") != first
    with pytest.raises(IdempotencyMismatchError):
        await make(runs, text="another", key="k")
    clock.now += timedelta(hours=24, seconds=1)
    assert await make(runs, text="another", key="k") != first


async def test_a_full_queue_refuses_exactly_at_its_limit(runs: RunStore) -> None:
    async def create() -> str:
        try:
            await runs.create(Request(text="x"), tenant="a", queue_limit=3)
        except OverloadedError:
            return "refused"
        return "taken"

    answers = await asyncio.gather(*(create() for _ in range(10)))
    assert sorted(answers) == ["refused"] * 7 + ["taken"] * 3
    assert await runs.claim("x", live={"x"}) is not None
    assert await create() == "taken"


async def test_pages_cover_every_run_once_in_both_orders(runs: RunStore) -> None:
    made = [await make(runs) for _ in range(7)]
    for order, expected in (("asc", made), ("desc", made[::-1])):
        seen: list[str] = []
        after = None
        while True:
            page = await runs.list(tenant="a", limit=3, after=after, order=order)  # type: ignore[arg-type]
            seen += [run.id for run in page.data]
            if not page.has_more:
                break
            after = seen[-1]
        assert seen == expected


async def test_a_run_is_claimed_once_and_the_oldest_first(runs: RunStore) -> None:
    made = [await make(runs) for _ in range(5)]
    claims = await asyncio.gather(*(runs.claim(f"x{n}", live={"x0", "x1", "x2", "x3", "x4"}) for n in range(5)))
    assert sorted(c.run.id for c in claims if c) == sorted(made)
    assert await runs.claim("x0", live={"x0", "x1", "x2", "x3", "x4"}, busy=made) is None


async def test_only_a_dead_executors_run_is_taken_over(runs: RunStore, events: EventStore, clock: Clock) -> None:
    run_id = await make(runs)
    first = await runs.claim("old", live={"old", "new"})
    assert first is not None
    assert await runs.claim("new", live={"old", "new"}) is None
    clock.now += timedelta(minutes=5)
    second = await runs.claim("new", live={"new"})
    assert second is not None
    assert (second.run.id, second.attempt) == (run_id, 2)
    assert second.started_at == first.started_at  # the deadline goes on
    assert await types_of(events, run_id) == ["run.created", "run.in_progress", "run.in_progress"]


async def test_a_run_that_kills_its_workers_is_given_up(runs: RunStore) -> None:
    run_id = await make(runs)
    for n in range(MAX_CRASHES + 1):
        assert await runs.claim(f"x{n}", live={f"x{n}"}) is not None
    assert await runs.claim("last", live={"last"}) is None
    run = await runs.get(run_id)
    assert run.status == "failed"
    assert run.problem is not None
    assert "died" in run.problem.detail


async def test_what_has_ended_stays_as_it_ended(runs: RunStore, events: EventStore) -> None:
    run_id = await make(runs)
    await runs.claim("x", live={"x"})
    assert (await runs.cancel(run_id, tenant="a")).status == "cancelled"
    assert not await runs.finish(run_id, problem=Problem(code="c", detail="late"))
    assert (await runs.get(run_id)).problem is None
    assert await events.append(run_id, "late", "run.task.started", {}) is None
    assert (await types_of(events, run_id))[-1] == "run.cancelled"
    failed = await make(runs)
    await runs.claim("x", live={"x"}, only=failed)
    assert await runs.finish(failed, problem=Problem(code="c", detail="d"))
    assert not await runs.finish(failed, problem=Problem(code="c", detail="d"))
    assert (await runs.cancel(failed, tenant="a")).status == "failed"
    with pytest.raises(ConflictError):
        await runs.resume(failed, tenant="a", live=())


async def test_resume_takes_cancelled_and_orphaned_runs_only(runs: RunStore, clock: Clock) -> None:
    run_id = await make(runs)
    await runs.claim("x", live={"x"})
    with pytest.raises(ConflictError):
        await runs.resume(run_id, tenant="a", live={"x"})
    clock.now += timedelta(hours=1)
    assert (await runs.resume(run_id, tenant="a", live=())).status == "queued"
    claim = await runs.claim("y", live={"y"})
    assert claim is not None
    assert claim.started_at == clock.now  # a new deadline: the user was away
    await runs.cancel(run_id, tenant="a")
    assert (await runs.resume(run_id, tenant="a", live={"y"})).status == "queued"


async def test_events_are_numbered_without_gaps_and_once_a_key(runs: RunStore, events: EventStore) -> None:
    run_id = await make(runs)
    await asyncio.gather(*(events.append(run_id, f"k{n % 20}", "run.task.started", {"n": n}) for n in range(60)))
    found, ended = await events.after(run_id)
    assert [event.sequence_number for event in found] == list(range(1, 22))
    assert not ended
    rest, _ = await events.after(run_id, 15)
    assert rest == found[15:]


async def test_the_log_ends_only_when_the_run_has(runs: RunStore, events: EventStore) -> None:
    run_id = await make(runs)
    await runs.cancel(run_id, tenant="a")
    assert (await events.after(run_id))[1]
    await runs.resume(run_id, tenant="a", live=())
    assert not (await events.after(run_id))[1]
    assert not (await events.after(run_id, limit=1))[1]
