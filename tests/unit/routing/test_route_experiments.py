from __future__ import annotations

import random
from pathlib import Path

import pytest

from qlp.config import ExperimentArm, ExperimentSettings
from qlp.errors import NotFoundError
from qlp.routing.decision import Assigned
from qlp.routing.experiments.assignment import assigned_arm, difference_of
from qlp.routing.experiments.report import Observed, broken_guardrail, report_of
from qlp.routing.experiments.sequential import (
    anytime_p,
    wealth_of_difference,
    wealth_of_failures,
    wealth_of_ratio,
)
from qlp.routing.experiments.store import RunObserved, version_of
from tests.support.routing import Bench, told

pytestmark = pytest.mark.unit

TWO = ExperimentSettings(arms={"control": ExperimentArm(), "new": ExperimentArm(policy="best", models={"t1": "m:new"})})


def blocks(pa: float, pb: float, n: int, seed: int) -> list[tuple[float, float]]:
    chance = random.Random(seed)
    return [(float(chance.random() < pa), float(chance.random() < pb)) for _ in range(n)]


def test_a_unit_keeps_its_arm_and_the_weights_hold() -> None:
    uneven = ExperimentSettings(arms={"a": ExperimentArm(weight=3), "b": ExperimentArm(weight=1)}, share=0.5)
    arms = [assigned_arm("x", uneven, f"run_{i}") for i in range(4000)]
    assert arms == [assigned_arm("x", uneven, f"run_{i}") for i in range(4000)]
    assert sum(a is None for a in arms) == pytest.approx(2000, abs=150)
    assert arms.count("a") == pytest.approx(3 * arms.count("b"), rel=0.15)
    other = [assigned_arm("y", uneven, f"run_{i}") for i in range(4000)]
    both = sum(a is not None and b is not None for a, b in zip(arms, other, strict=True))
    assert both == pytest.approx(1000, abs=120)  # experiments are independent of each other


def test_a_stopped_arm_gets_the_control_and_nobody_else_moves() -> None:
    before = {f"run_{i}": assigned_arm("x", TWO, f"run_{i}") for i in range(200)}
    after = {unit: assigned_arm("x", TWO, unit, stopped={"new"}) for unit in before}
    assert set(after.values()) == {"control"}
    assert all(after[unit] == "control" for unit, arm in before.items() if arm == "control")


def test_the_control_changes_nothing() -> None:
    assert difference_of(TWO, "control").policy is None
    assert difference_of(TWO, "new").models == {"t1": "m:new"}


def test_looking_after_every_block_claims_no_difference_where_there_is_none() -> None:
    claimed = sum(anytime_p(wealth_of_difference(blocks(0.6, 0.6, 300, seed))) <= 0.05 for seed in range(300))
    assert claimed / 300 <= 0.05
    # the fixed-size test, looked at as often, would claim one far too often
    naive = 0
    for seed in range(300):
        a = b = 0.0
        for i, (x, y) in enumerate(blocks(0.6, 0.6, 300, seed), 1):
            a, b = a + x, b + y
            spread = (2 * 0.6 * 0.4 / i) ** 0.5
            if i >= 10 and abs(a - b) / i > 1.96 * spread:
                naive += 1
                break
    assert naive / 300 > 0.15


def test_a_real_difference_is_found() -> None:
    found = sum(anytime_p(wealth_of_difference(blocks(0.8, 0.5, 300, seed))) <= 0.05 for seed in range(100))
    assert found >= 95


def test_guardrails_hold_under_the_null_and_see_a_worse_arm() -> None:
    false = sum(max(wealth_of_failures(blocks(0.7, 0.7, 300, s), 1.0)) >= 20 for s in range(300))
    assert false / 300 <= 0.05
    seen = sum(max(wealth_of_failures(blocks(0.4, 0.8, 200, s), 1.0)) >= 20 for s in range(100))
    assert seen >= 95
    allowed = sum(max(wealth_of_failures(blocks(0.7, 0.8, 300, s), 2.0)) >= 20 for s in range(200))
    assert allowed / 200 <= 0.05  # 30 % against 20 % is less than twice


def test_the_cost_guardrail_takes_heavy_tails() -> None:
    def costs(factor: float, seed: int) -> list[tuple[float, float]]:
        chance = random.Random(seed)
        return [(factor * chance.paretovariate(1.2), chance.paretovariate(1.2)) for _ in range(200)]

    assert sum(max(wealth_of_ratio(costs(1.5, s), 1.5)) >= 20 for s in range(200)) / 200 <= 0.05
    assert sum(max(wealth_of_ratio(costs(6.0, s), 1.5)) >= 20 for s in range(50)) >= 48


def observations(arm: str, rate: float, n: int, *, cost: float = 0.01, seed: int = 1) -> list[Observed]:
    chance = random.Random(f"{arm}{seed}")
    return [
        Observed(
            arm=arm,
            unit=f"{arm}{i}",
            verified=chance.random() < rate,
            cost_usd=cost * chance.uniform(0.5, 1.5),
            seconds=9,
        )
        for i in range(n)
    ]


def test_the_report_compares_with_the_control() -> None:
    seen = observations("control", 0.5, 300) + observations("new", 0.85, 300)
    report = report_of("x", "v", TWO, {"control": 310, "new": 305}, seen, [])
    (compared,) = report.comparisons
    assert (compared.arm, compared.says, compared.blocks) == ("new", "better", 300)
    assert compared.p <= compared.needed == 0.05
    control = report.arms[0]
    assert control.exposed == 310
    assert control.verified_interval is not None
    assert control.verified_interval[0] < 0.5 < control.verified_interval[1]
    assert control.cost_per_success_interval is not None
    assert control.cost_per_success_interval[0] < 0.02 < control.cost_per_success_interval[1]
    same = report_of("x", "v", TWO, {}, observations("control", 0.5, 80) + observations("new", 0.55, 80), [])
    assert same.comparisons[0].says == "undecided"
    assert report_of("x", "v", TWO, {}, [], []).comparisons[0].p == 1.0


def test_an_arm_that_fails_or_costs_too_much_breaks_a_guardrail() -> None:
    control = observations("control", 0.8, 150)
    assert "fails" in broken_guardrail(TWO, observations("new", 0.3, 150), control)
    assert "cost" in broken_guardrail(TWO, observations("new", 0.8, 150, cost=0.1), control)
    assert broken_guardrail(TWO, observations("new", 0.8, 150), control) == ""


async def test_runs_are_exposed_counted_once_and_a_bad_arm_is_stopped(tmp_path: Path) -> None:
    bench = Bench(tmp_path, experiments={"x": TWO})
    arms: dict[str, str] = {}
    for i in range(12):
        decision = await bench.decide(f"run_{i}")
        (assigned,) = decision.experiments
        arms[f"run_{i}"] = assigned.arm
        if assigned.arm == "new":
            assert decision.policy == "best"
            assert decision.swapped == {"t1": "m:new"}
            assert decision.chosen.arm.ladder[0].tier != "t1" or decision.model == "m:new"
        await bench.router.record(told(decision, None))
        await bench.router.settle(f"run_{i}", verified=True)
        await bench.router.settle(f"run_{i}", verified=True)
    report = await bench.experiments.report("x")
    assert {a.arm: a.units for a in report.arms} == {n: list(arms.values()).count(n) for n in ("control", "new")}
    assert {a.arm: a.exposed for a in report.arms} == {a.arm: a.units for a in report.arms}
    stopped = ""
    for i in range(120):
        for arm in ("control", "new"):
            one = Assigned(experiment="x", version=version_of(TWO), arm=arm, unit=f"{arm}{i}")
            run = RunObserved(run_id=f"r{i}", tenant="t", verified=arm == "control", cost_usd=0.01, seconds=5.0)
            stopped = stopped or await bench.experiments.observed(one, run)
        if stopped:
            break
    assert stopped.startswith("new: fails more than")
    after = [await bench.decide(f"late_{i}") for i in range(12)]
    assert all(d.policy == "learned" for d in after)
    assert {a.arm for d in after for a in d.experiments} == {"control"}
    assert next(a for a in (await bench.experiments.report("x")).arms if a.arm == "new").stopped


async def test_a_run_that_gave_up_counts_as_a_failure(tmp_path: Path) -> None:
    bench = Bench(tmp_path, experiments={"x": TWO})
    decision = await bench.decide("run_1")
    await bench.router.record(told(decision, False, cost=0.25))
    arm = next(a for a in (await bench.experiments.report("x")).arms if a.units)
    assert (arm.verified, arm.cost_usd) == (0.0, 0.25)


async def test_a_tenant_sees_its_own_units_and_another_definition_starts_anew(tmp_path: Path) -> None:
    bench = Bench(tmp_path, experiments={"x": TWO})
    for i, tenant in enumerate(("acme", "acme", "other")):
        decision = await bench.decide(f"run_{i}", tenant=tenant)
        await bench.router.record(told(decision, False))
    mine = await bench.experiments.report("x", tenant="acme")
    assert sum(a.units for a in mine.arms) == sum(a.exposed for a in mine.arms) == 2
    changed = TWO.model_copy(update={"share": 0.9})
    (tmp_path / "b").mkdir()
    assert version_of(changed) != version_of(TWO) == version_of(TWO.model_copy(update={"max_cost_ratio": 9.0}))
    with pytest.raises(NotFoundError):
        await bench.experiments.report("y")
