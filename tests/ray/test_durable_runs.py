"""What survives: kill -9, cancellation, resumption. The fake pipeline writes down each call that it makes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest

from qlp.errors import ConflictError, OverloadedError
from qlp.models import Event, Request
from tests.ray.durable_platform import DurablePlatform

pytestmark = pytest.mark.ray

STEPS = ["analyse", "code.0", "code.1", "test.0", "test.1", "package"]


async def events_of(platform: DurablePlatform, run_id: str) -> list[Event]:
    return [event async for event in platform.service.events(run_id)]


async def test_a_run_completes_and_tells_each_stage_once(platform: DurablePlatform) -> None:
    run = await platform.end((await platform.submit()).id)
    assert run.status == "completed"
    assert run.outcome is not None
    assert run.outcome.capsule == "package.zip"
    assert [c for c in platform.calls(run.id) if c.startswith("done")] == [f"done:{s}" for s in STEPS]
    events = await events_of(platform, run.id)
    assert [e.sequence_number for e in events] == list(range(1, len(events) + 1))
    assert events[0].type == "run.created"
    assert events[-1].type == "run.completed"


@pytest.mark.chaos
async def test_kill_9_in_mid_run_repeats_no_finished_step(platform: DurablePlatform) -> None:
    run = await platform.submit(step_s=0.7)
    await platform.until(run.id, "start:code.1")
    dead = await platform.kill()
    run = await platform.end(run.id)
    assert run.status == "completed"
    assert (await platform.health()).pid != dead
    calls = Counter(platform.calls(run.id))
    assert {step: calls[f"done:{step}"] for step in STEPS} == dict.fromkeys(STEPS, 1)
    assert calls["start:code.1"] == 2  # the one in flight is at-least-once
    assert calls["start:analyse"] == calls["start:code.0"] == 1
    events = await events_of(platform, run.id)
    assert Counter(e.type for e in events)["run.task.completed"] == 2
    assert [e.data["recovered"] for e in events if e.type == "run.in_progress"] == [False, True]


async def test_cancel_reaches_the_step_within_two_seconds_and_resume_goes_on(platform: DurablePlatform) -> None:
    run = await platform.submit(step_s=2.5)
    await platform.until(run.id, "start:code.0")
    began = time.monotonic()
    assert (await platform.service.cancel(run.id)).status == "cancelled"
    await platform.until(run.id, "cancelled:code.0", seconds=2)
    assert time.monotonic() - began < 2
    cancelled = await events_of(platform, run.id)
    assert cancelled[-1].type == "run.cancelled"
    assert (await platform.service.cancel(run.id)).status == "cancelled"  # again is no error
    await platform.service.resume(run.id)
    run = await platform.end(run.id)
    assert run.status == "completed"
    calls = Counter(platform.calls(run.id))
    assert {step: calls[f"done:{step}"] for step in STEPS} == dict.fromkeys(STEPS, 1)
    after = await events_of(platform, run.id)
    assert after[: len(cancelled)] == cancelled
    assert [e.type for e in after].count("run.task.started") == 2
    assert after[-1].type == "run.completed"


async def test_a_cancelled_run_that_waits_in_the_queue_never_starts(platform: DurablePlatform) -> None:
    busy = [await platform.submit(step_s=1.0) for _ in range(2)]
    for run in busy:
        await platform.until(run.id, "start:analyse")
    waiting = await platform.submit()
    await platform.service.cancel(waiting.id)
    assert [(await platform.end(run.id)).status for run in busy] == ["completed", "completed"]
    assert (await platform.service.get(waiting.id)).status == "cancelled"
    assert platform.calls(waiting.id) == []


async def test_two_runs_advance_together_and_a_full_queue_refuses(platform: DurablePlatform) -> None:
    busy = [await platform.submit(step_s=0.8) for _ in range(2)]
    for run in busy:
        await platform.until(run.id, "start:analyse")  # neither waits for the other's end
    waiting = [await platform.submit() for _ in range(3)]
    with pytest.raises(OverloadedError):
        await platform.submit()
    runs = await asyncio.gather(*(platform.end(run.id) for run in [*busy, *waiting]))
    assert {run.status for run in runs} == {"completed"}


async def test_independent_tasks_run_side_by_side(platform: DurablePlatform) -> None:
    run = await platform.submit(step_s=0.5, chain=False)
    await platform.end(run.id)
    calls = platform.calls(run.id)
    assert calls.index("start:test.0") < calls.index("done:code.0")


async def test_an_error_of_a_task_fails_the_run_with_its_problem(platform: DurablePlatform) -> None:
    run = await platform.end((await platform.submit(fail="test")).id)
    assert run.status == "failed"
    assert run.problem is not None
    assert (run.problem.code, run.problem.detail) == ("generation_failed", "the agents gave up")
    assert (await events_of(platform, run.id))[-1].data["problem"]["code"] == "generation_failed"
    with pytest.raises(ConflictError):
        await platform.service.resume(run.id)


async def test_a_defect_fails_the_run_without_showing_its_inside(platform: DurablePlatform) -> None:
    run = await platform.end((await platform.submit(crash="code")).id)
    assert run.status == "failed"
    assert run.problem is not None
    assert run.problem.code == "internal_error"
    assert "missing" not in run.problem.detail


async def test_the_deadline_ends_a_run(platform: DurablePlatform) -> None:
    run = await platform.service.submit(Request(text='{"tasks": ["code"], "step_s": 30}', deadline_s=1))
    began = time.monotonic()
    run = await platform.end(run.id)
    assert time.monotonic() - began < 5
    assert run.problem is not None
    assert run.problem.code == "deadline_exceeded"
    assert "cancelled:analyse" in platform.calls(run.id)
