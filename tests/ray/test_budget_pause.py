"""A run that uses its budget up waits for its user, and goes on where it was when the cap is raised."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from qlp.errors import ConflictError
from tests.ray.durable_platform import DurablePlatform

pytestmark = pytest.mark.ray


async def test_a_used_up_budget_asks_and_nothing_is_paid_for_twice(platform: DurablePlatform) -> None:
    run = await platform.end((await platform.submit(cap="0.30", usd=0.1)).id)
    assert run.status == "input_required"
    assert run.problem is not None
    assert run.problem.code == "budget_exceeded"
    assert run.problem.extra["needed_usd"] == "0.40"
    events = [e async for e in platform.service.events(run.id)]
    assert events[-1].type == "run.input_required"
    assert events[-1].data["problem"]["extra"]["cap_usd"] == "0.3"

    await platform.service.resume(run.id)  # under the same cap it asks again
    run = await platform.end(run.id)
    assert run.status == "input_required"

    resumed = await platform.service.resume(run.id, max_cost_usd=Decimal("0.40"))
    assert (resumed.status, resumed.problem) == ("queued", None)
    run = await platform.end(run.id)
    assert run.status == "completed"
    calls = Counter(c for c in platform.calls(run.id) if c.startswith("start"))
    assert calls == dict.fromkeys(
        ["start:analyse", "start:code.0", "start:code.1", "start:test.0", "start:test.1", "start:package"], 1
    )
    with pytest.raises(ConflictError):
        await platform.service.resume(run.id, max_cost_usd=Decimal(1))


async def test_calls_at_hand_end_before_the_run_waits(platform: DurablePlatform) -> None:
    """Three tasks side by side, two fit: the refused one lets the others' answers arrive and be kept."""
    run = await platform.submit(cap="0.20", usd=0.1, step_s=0.8, chain=False, tasks=["a", "b", "c"])
    run = await platform.end(run.id)
    assert run.status == "input_required"
    calls = Counter(c.split(".")[0] for c in platform.calls(run.id))
    assert sum(n for call, n in calls.items() if call.startswith("cancelled")) == 0
    await platform.service.resume(run.id, max_cost_usd=Decimal("0.60"))
    run = await platform.end(run.id)
    assert run.status == "completed"
    done = Counter(c for c in platform.calls(run.id) if c.startswith("start"))
    assert set(done.values()) == {1}


async def test_a_waiting_run_can_be_cancelled_and_outlives_its_worker(platform: DurablePlatform) -> None:
    run = await platform.end((await platform.submit(cap="0.10", usd=0.1)).id)
    assert run.status == "input_required"
    await platform.kill()
    await platform.health()
    await platform.service.resume(run.id, max_cost_usd=Decimal("0.30"))
    run = await platform.end(run.id)
    assert run.status == "input_required"
    cancelled = await platform.service.cancel(run.id)
    assert (cancelled.status, cancelled.problem) == ("cancelled", None)
    assert Counter(platform.calls(run.id))["done:code.0"] == 1
