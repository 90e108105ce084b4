"""What execute asks the router and tells it, over the in-process runtime."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qlp.models import Attempt, InterfaceContract, Plan, TaskResult, Usage
from qlp.pipeline.routing import escalation_of, routed, settled, told, try_outcome
from qlp.pipeline.runtime import InProcessRuntime, Runtime, TaskInput
from tests.support.routing import TASK, Bench, analysis, request

pytestmark = pytest.mark.unit

PLAN = Plan(
    generator="model:m",
    tasks=(TASK,),
    contract=InterfaceContract(project="p", kind="function", language="python", files=()),
)
INPUT = TaskInput(run_id="run_1", request=request(), analysis=analysis(), plan=PLAN, task_id=TASK.id)


class NoEvents:
    async def append(self, run_id: str, key: str, type: Any, data: dict[str, Any]) -> None: ...


async def never(runtime: Runtime, task: TaskInput) -> TaskResult:
    raise AssertionError("no task is started here")


async def tenant_of(run_id: str) -> str:
    return "acme"


async def test_a_task_climbs_the_decided_ladder_and_its_tries_are_learned(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    runtime = InProcessRuntime("run_1", never, NoEvents())
    decision = await routed(runtime, bench.router, INPUT, tenant_of)
    assert (decision.tenant, decision.ladder) == ("acme", ("t1", "t2", "t3"))
    escalation = escalation_of(decision)
    spent = Usage(calls=1, input_tokens=900, output_tokens=100, cost_usd=Decimal("0.02"))
    made: list[Any] = []
    while (tier := escalation.next()) is not None and tier != "t3":
        record = Attempt(tier=tier, model="m:fallback", prompt="", outcome="rejected", usage=spent)
        made.append(try_outcome(decision, made, tier, (record, record), accepted=tier == "t2"))
        escalation = escalation.after(tier, ())
    assert [(t.tier, t.after, t.verified, t.cost_usd) for t in made] == [
        ("t1", "", False, pytest.approx(0.04)),
        ("t2", "t1:1", None, pytest.approx(0.04)),
    ]
    expected = {one.key for _, one in decision.chosen.arm.tries(decision.max_attempts)}
    assert {f"{t.tier}|{t.model}|{t.n}|{t.after}" for t in made} <= expected  # learned where it is looked up
    await told(runtime, bench.router, decision, made, accepted=True)
    keys = ["t1|m:t1|1|", "t2|m:t2|1|t1:1"]
    levels, known = await bench.store.levels(decision.features, "acme", keys)
    assert known == 1  # the accepted try still waits
    await settled(runtime, bench.router, "end", verified=True)
    levels, known = await bench.store.levels(decision.features, "acme", keys)
    assert known == 2
    assert [round(levels[k][2].verified, 2) for k in keys] == [0.0, 1.0]


async def test_a_task_that_gave_up_is_told_at_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    runtime = InProcessRuntime("run_1", never, NoEvents())
    decision = await routed(runtime, bench.router, INPUT, tenant_of)
    unpriced = Attempt(tier="t1", model="m:t1", prompt="", outcome="malformed", usage=Usage(cost_usd=None))
    one = try_outcome(decision, (), "t1", (unpriced,), accepted=False)
    assert (one.verified, one.cost_usd) == (False, None)
    await told(runtime, bench.router, decision, (one,), accepted=False)
    ((_, outcome),) = await bench.store.of_run("run_1")
    assert outcome is not None
    assert outcome.verified is False
