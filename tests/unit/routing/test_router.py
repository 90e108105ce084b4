from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from qlp.config import RouteRule, RoutingSettings
from qlp.errors import NotFoundError
from qlp.models import Task
from qlp.routing.decision import RouteDecision, RouteOutcome, TryOutcome
from qlp.routing.memory import Place
from qlp.routing.store import RouteStore
from qlp.store.engine import Database, sqlite_url
from tests.support.routing import Bench, told

pytestmark = pytest.mark.unit


async def test_a_fresh_installation_is_predictable_and_says_that_it_goes_by_priors(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    decisions = [await bench.decide(f"run_{i}") for i in range(8)]
    assert {d.chosen.name for d in decisions} == {"t1 > t2 > t3"}
    first = decisions[0]
    assert first.chosen.propensity == 1.0
    assert any("priors" in r for r in first.reasons)
    assert {e.name for e in first.alternatives} == {"t1 > t3", "t2 > t3", "t3"}
    costs = [e.cost_per_success.mean for e in (first.chosen, *first.alternatives)]
    assert costs == sorted(costs)
    assert first.chosen.success.low < first.chosen.success.mean < first.chosen.success.high


async def test_a_replay_gets_the_same_decision_whatever_was_learned_meanwhile(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    before = await bench.decide("run_1")
    for i in range(25):
        await bench.learn(f"other_{i}", verified=False)
    assert await bench.decide("run_1") == before


async def test_the_same_outcomes_lead_two_stores_to_the_same_decision(tmp_path: Path) -> None:
    made: list[RouteDecision] = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        bench = Bench(tmp_path / name, RoutingSettings(explore=0.3, warmup=5))
        for i in range(12):
            await bench.learn(f"run_{i}", verified=i % 2 == 0)
        made.append(await bench.decide("run_x"))
    assert made[0] == made[1]
    assert made[0].chosen.propensity < 1  # it was drawn, not computed


async def test_a_tier_that_keeps_failing_loses_its_place(tmp_path: Path) -> None:
    bench = Bench(tmp_path, RoutingSettings(explore=0.0))
    for i in range(40):
        decision = await bench.decide(f"run_{i}")
        tries = [
            TryOutcome(tier=t, model=m, verified=t != "t1", cost_usd=0.02, after=after)
            for t, m, after in [(decision.tier, decision.model, ""), ("t2", "m:t2", "t1:1")]
        ]
        kept = tries if decision.tier == "t1" else tries[:1]
        await bench.router.record(RouteOutcome(decision_id=decision.id, tries=tuple(kept), verified=True))
    last = await bench.decide("late")
    ways = {e.name: e for e in (last.chosen, *last.alternatives)}
    without, through = ways["t2 > t3"], ways["t1 > t2 > t3"]
    assert without.cost_per_success.mean < through.cost_per_success.mean
    assert without.wins > through.wins


async def test_an_outcome_counts_once_and_only_for_a_known_decision(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    decision = await bench.learn("run_1", verified=True)
    await bench.router.record(told(decision, False))  # a replay, or a second opinion: the first word stands
    levels, known = await bench.store.levels(decision.features, "local", [_first(decision)])
    assert known == 1
    assert levels[_first(decision)][0].verified == pytest.approx(1.0, rel=1e-3)
    with pytest.raises(NotFoundError):
        await bench.router.record(RouteOutcome(decision_id="run_9:0:code", tries=(), verified=True))


async def test_what_was_accepted_without_tests_waits_for_the_verdict_on_the_project(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    decision = await bench.decide("run_1")
    await bench.router.record(told(decision, None))
    assert (await bench.store.levels(decision.features, "local", [_first(decision)]))[1] == 0
    await bench.router.settle("run_1", verified=False, tasks=("another",))
    assert (await bench.store.levels(decision.features, "local", [_first(decision)]))[1] == 0
    await bench.router.settle("run_1", verified=False, tasks=("code",))
    await bench.router.settle("run_1", verified=True)  # the end of the run tells nothing that was told
    levels, known = await bench.store.levels(decision.features, "local", [_first(decision)])
    assert (known, levels[_first(decision)][0].verified) == (1, 0.0)


async def test_an_unverified_project_says_nothing_against_its_prose(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code = await bench.decide("run_1")
    docs = await bench.decide("run_1", task=Task(id="docs", kind="docs", title="Readme", complexity="trivial"))
    for decision in (code, docs):
        await bench.router.record(told(decision, None))
    await bench.router.settle("run_1", verified=False)
    assert [o.verified for _, o in await bench.store.of_run("run_1") if o] == [False, None]


async def test_the_time_of_a_task_is_that_since_its_decision(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    decision = await bench.decide("run_1")
    bench.clock.now += 119
    tries = tuple(TryOutcome(tier="t1", model="m:t1", verified=False, after=a) for a in ("", "t1:1"))
    await bench.router.record(RouteOutcome(decision_id=decision.id, tries=tries, verified=False))
    ((_, outcome),) = await bench.store.of_run("run_1")
    assert outcome is not None
    assert outcome.seconds == pytest.approx(120)
    assert [t.seconds for t in outcome.tries] == pytest.approx([60, 60])
    paused = await bench.decide("run_2")
    bench.clock.now += 86_400
    await bench.router.record(RouteOutcome(decision_id=paused.id, tries=tries[:1], verified=False))
    assert (await bench.store.of_run("run_2"))[0][1].seconds is None  # type: ignore[union-attr]


async def test_a_tenant_learns_from_itself_and_the_others_from_what_all_saw(tmp_path: Path) -> None:
    bench = Bench(tmp_path, RoutingSettings(explore=0.0))
    start = (await bench.decide("run_s", tenant="acme")).chosen
    for i in range(30):
        await bench.learn(f"run_{i}", verified=False, tenant="other")
    acme = await bench.decide("run_a", tenant="acme")
    other = await bench.decide("run_o", tenant="other")
    from_t1 = [next(e for e in (d.chosen, *d.alternatives) if e.arm.tiers[0] == "t1") for d in (acme, other)]
    assert from_t1[1].cost_per_success.mean > start.cost_per_success.mean
    assert from_t1[0].cost_per_success.mean > start.cost_per_success.mean  # warned by the other tenant


async def test_similar_requests_of_the_tenant_tip_the_scale(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    decision = await bench.decide("run_1", text="convert roman numerals to integers")
    await bench.router.record(told(decision, False))
    same = await bench.decide("run_2", text="convert roman numerals to integers")
    unlike = await bench.decide("run_3", text="fetch weather forecasts for hamburg")
    assert same.chosen.success.mean < unlike.chosen.success.mean


async def test_concurrent_workers_lose_no_outcome(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    second = RouteStore(Database(sqlite_url(tmp_path)), clock=bench.clock)
    decisions = [await bench.decide(f"run_{i}") for i in range(20)]
    await asyncio.gather(
        *((bench.store if i % 2 else second).record(told(d, i % 4 == 0)) for i, d in enumerate(decisions))
    )
    levels, known = await bench.store.levels(decisions[0].features, "local", [_first(decisions[0])])
    assert known == 20
    assert sum(levels[_first(decisions[0])][0].recent) == 5
    assert len(levels[_first(decisions[0])][0].recent) == 20


async def test_a_forced_tier_is_the_whole_ladder_within_the_operators_bounds(tmp_path: Path) -> None:
    (tmp_path / "free").mkdir()
    free = await Bench(tmp_path / "free").decide(tier="t1")
    assert (free.ladder, free.chosen.propensity) == (("t1",), 1.0)
    bound = Bench(tmp_path, RoutingSettings(tenants={"local": RouteRule(min_tier="t2", max_tier="t2")}))
    moved = await bound.decide(tier="t1")
    assert moved.ladder == ("t2",)
    assert any("moved to t2" in said for said in moved.overrides)
    assert (await bound.decide("run_2")).ladder == ("t2",)


async def test_the_hard_floor_holds_against_the_caller(tmp_path: Path) -> None:
    hard = Task(id="code", kind="code", title="Code", complexity="complex")
    bench = Bench(tmp_path, RoutingSettings(hard_floor=0.6))
    decision = await bench.decide(tier="t1", task=hard)
    assert decision.tier == "t1"
    assert decision.ladder[-1] == "t3"
    assert any("hard floor" in r for r in decision.reasons)
    refused = next(e for e in decision.alternatives if e.arm.tiers == ("t1",))
    assert not refused.allowed


async def test_rules_of_task_type_and_tenant_and_the_strictest_floor(tmp_path: Path) -> None:
    rules = RoutingSettings(
        task_types={"code": RouteRule(tier="t2", n=4)}, tenants={"local": RouteRule(tier="t3", latency_s=1e6)}
    )
    decision = await Bench(tmp_path, rules).decide()
    assert (decision.tier, decision.n) == ("t2", 4)
    (tmp_path / "b").mkdir()
    surest = await Bench(tmp_path / "b", RoutingSettings(floor=0.9999, explore=0.0)).decide()
    assert any("the surest is taken" in r for r in surest.reasons)
    (tmp_path / "c").mkdir()
    quick = await Bench(tmp_path / "c", RoutingSettings(latency_s=100.0)).decide()
    assert all(e.why_not for e in quick.alternatives if e.seconds > 100)
    assert quick.chosen.seconds <= 100


async def test_a_repair_begins_above_one_shot_and_only_code_gets_candidates(tmp_path: Path) -> None:
    bench = Bench(tmp_path, n=5)
    repair = await bench.decide(round=1)
    assert repair.ladder == ("t2", "t3")
    assert repair.n == 5
    docs = await bench.decide(task=Task(id="docs", kind="docs", title="Readme", complexity="trivial"))
    assert docs.n == 1


async def test_an_unknown_price_is_weighed_by_an_assumed_one_and_said(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    async def unpriced(tiers: tuple[str, ...], others: object) -> tuple[object, ...]:
        from tests.support.routing import fleet

        return tuple(r.model_copy(update={"input_usd": None}) for r in fleet(*tiers))  # type: ignore[arg-type]

    bench.router._fleet = unpriced  # type: ignore[assignment]
    decision = await bench.decide()
    assert decision.chosen.cost_usd > 0
    assert any("price of a model is unknown" in r for r in decision.reasons)


async def test_explaining_keeps_nothing(tmp_path: Path) -> None:
    from tests.support.routing import analysis, request

    bench = Bench(tmp_path)
    explained = await bench.router.explain(request(), analysis(), tenant="local")
    assert explained.reasons
    assert await bench.store.find(explained.id) is None


def test_statistics_are_counted_at_three_levels() -> None:
    assert sorted([Place("b", "x"), Place("", "y"), Place("", "x")]) == [
        Place("", "x"),
        Place("", "y"),
        Place("b", "x"),
    ]


def _first(decision: RouteDecision) -> str:
    return f"{decision.tier}|{decision.model}|{decision.n}|"
