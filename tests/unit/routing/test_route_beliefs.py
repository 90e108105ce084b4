from __future__ import annotations

import random

import pytest

from qlp.routing.arms import Arm, Rung, Try, arms_of
from qlp.routing.beliefs import believe
from qlp.routing.ladder import Step, value_of
from qlp.routing.priors import pass_at_n, priors
from qlp.routing.statistic import Seen, Statistic, change_in

pytestmark = pytest.mark.unit

P = priors()
T1 = Rung(tier="t1", model="m:small", input_usd=0.5, output_usd=2.0)
T2 = Rung(tier="t2", model="m:large", input_usd=3.0, output_usd=15.0)
T3 = Rung(tier="t3", model="m:large", input_usd=3.0, output_usd=15.0)
FIRST = Try(tier="t1", model="m:small", n=1)


def observed(outcomes: str, *, cost: float = 0.01) -> Statistic:
    """`1` verified, `0` not, oldest first."""
    found = Statistic()
    for tick, one in enumerate(outcomes, 1):
        found = found.after(Seen(verified=one == "1", cost_usd=cost, seconds=5.0), tick, 0.0, P)
    return found


def test_a_failed_rung_is_paid_for_and_then_the_next_one_begins() -> None:
    value = value_of([Step(success=0.5, cost_usd=1.0, seconds=10), Step(success=0.8, cost_usd=10.0, seconds=100)])
    assert value.success == pytest.approx(1 - 0.5 * 0.2)
    assert value.cost_usd == pytest.approx(1.0 + 0.5 * 10.0)
    assert value.seconds == pytest.approx(10 + 0.5 * 100)
    assert value.per_success() == pytest.approx(6.0 / 0.9)
    assert value.per_success(second_usd=0.1) == pytest.approx((6.0 + 6.0) / 0.9)


def test_ways_end_at_the_top_and_a_repair_begins_where_repairing_is_possible() -> None:
    assert [a.name for a in arms_of((T3, T1, T2), (1,))] == ["t1 > t2 > t3", "t1 > t3", "t2 > t3", "t3"]
    assert [a.name for a in arms_of((T1, T2, T3), (1,), repair=True)] == ["t2 > t3", "t3"]
    same = T2.model_copy(update={"model": T1.model})
    assert [a.name for a in arms_of((T1, same), (1, 4))] == ["t1 > t2", "t1 > t2 n=4"]  # t2 first is the same call


def test_tries_follow_the_ladder_and_remember_what_failed() -> None:
    tries = [t for _, t in Arm(ladder=(T1, T2), n=3).tries(4)]
    assert [(t.tier, t.n, t.after) for t in tries] == [
        ("t1", 3, ""),
        ("t2", 3, "t1:1"),
        ("t2", 3, "t2:2"),
        ("t2", 3, "t2:3"),
    ]
    assert [t.n for _, t in Arm(ladder=(T3,), n=3).tries(1)] == [1]  # one agent in one session


def test_candidates_that_hang_together_help_less_than_independent_ones() -> None:
    assert pass_at_n(0.4, 1, 1.5) == pytest.approx(0.4)
    assert 0.4 < pass_at_n(0.4, 4, 1.5) < 1 - 0.6**4
    assert pass_at_n(0.4, 4, 1e9) == pytest.approx(1 - 0.6**4, abs=1e-6)


def test_a_tenant_without_outcomes_goes_by_all_others_and_with_many_by_its_own() -> None:
    everybody = observed("1" * 60)
    nobody = Statistic()
    prior = believe(T1, FIRST, 3, (), (), P)
    borrowed = believe(T1, FIRST, 3, (everybody, everybody, nobody), (), P)
    assert borrowed.success > 0.9 > prior.success
    assert borrowed.alpha + borrowed.beta == pytest.approx(P.pooling)  # others' outcomes never make it certain
    own = observed("0" * 60)
    both = Statistic(weight=120, verified=60)
    assert believe(T1, FIRST, 3, (both, both, own), (), P).success < 0.2


def test_a_single_tenants_outcomes_are_counted_once() -> None:
    own = observed("110")
    alone = believe(T1, FIRST, 2, (own,), (), P)
    threefold = believe(T1, FIRST, 2, (own, own, own), (), P)
    assert threefold.success == pytest.approx(alone.success)
    assert threefold.alpha + threefold.beta == pytest.approx(alone.alpha + alone.beta)


def test_a_cost_is_learned_whatever_failed_before() -> None:
    repair = Try(tier="t1", model="m:small", n=1, after="t1:1")
    dear = observed("01" * 20, cost=0.5)
    assert believe(T1, repair, 1, (), (), P).cost_usd < 0.01
    assert believe(T1, repair, 1, (), (dear,), P).cost_usd == pytest.approx(0.5, rel=0.15)


def test_a_first_try_is_no_worse_than_those_that_came_after_a_failure() -> None:
    after_failures = observed("1" * 30)
    assert believe(T2, Try(tier="t2", model="m:large", n=1), 3, (), (after_failures,), P).success > 0.8
    assert believe(T2, Try(tier="t2", model="m:large", n=1), 3, (), (observed("0" * 30),), P).success == pytest.approx(
        P.success["t2"][3]
    )


def test_a_failure_before_makes_the_next_try_less_likely() -> None:
    chances = [P.success_of(Try(tier="t2", model="m", n=1, after=a), 2) for a in ("", "t1:1", "t2:2", "t2:3")]
    assert chances == sorted(chances, reverse=True)
    assert len(set(chances)) == 4


def test_what_was_observed_fades_by_newer_outcomes_and_by_time() -> None:
    old = observed("1" * 50)
    assert old.faded(50, 0.0, P) == old
    assert old.faded(250, 0.0, P).weight == pytest.approx(old.weight * P.forgetting**200)
    later = old.faded(50, P.half_life_days * 86_400, P)
    assert later.weight == pytest.approx(old.weight / 2)
    assert later.verified / later.weight == pytest.approx(old.verified / old.weight)
    assert old.faded(50, -1e9, P) == old  # a clock that goes backwards


def test_a_sudden_change_forgets_what_was_before() -> None:
    chance = random.Random(5)
    good = "".join(str(int(chance.random() < 0.9)) for _ in range(120))
    drifted = observed(good + "0" * 14)
    assert drifted.changes == 1
    assert drifted.verified / drifted.weight < 0.4
    assert drifted.cost / drifted.costed == pytest.approx(0.01)


def test_steady_outcomes_are_seldom_taken_for_a_change() -> None:
    found = 0
    for seed in range(40):
        chance = random.Random(seed)
        found += observed("".join(str(int(chance.random() < 0.7)) for _ in range(300))).changes
    assert found <= 24  # in 12,000 outcomes, one in 500: a false alarm costs the memory of what was before
    assert change_in([1] * 30, P.change_threshold, P.change_least) is None
    assert change_in([1] * 12 + [0] * 12, P.change_threshold, P.change_least) == 12
