"""Offline estimates against a simulated log whose truth is known."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from qlp.config import RoutingSettings
from qlp.errors import InputError
from qlp.routing.policies import Table
from qlp.routing.replay import Replay, Row, replayed
from qlp.routing.replay_log import named_policy, replay_policy
from tests.support.routing import Bench, told

pytestmark = pytest.mark.unit

ARMS = ("cheap", "dear")
CELLS = ("easy", "hard")
SUCCESS = {("easy", "cheap"): 0.9, ("easy", "dear"): 0.95, ("hard", "cheap"): 0.2, ("hard", "dear"): 0.8}
COST = {"cheap": 1.0, "dear": 8.0}
LOGGING = {"easy": (0.8, 0.2), "hard": (0.3, 0.7)}
TARGET = {"easy": (1.0, 0.0), "hard": (0.1, 0.9)}


def truth() -> tuple[float, float]:
    """Success and cost of the target policy; both cells are equally frequent."""
    pairs = [(0.5 * t, cell, arm) for cell in CELLS for t, arm in zip(TARGET[cell], ARMS, strict=True)]
    return sum(w * SUCCESS[c, a] for w, c, a in pairs), sum(w * COST[a] for w, _, a in pairs)


def simulated(n: int, seed: int, *, shown: bool = True) -> list[Row]:
    """`shown`: the model may see the cell; else it is hidden from it, though both policies go by it."""
    chance = random.Random(seed)
    rows = []
    for _ in range(n):
        cell = chance.choice(CELLS)
        chosen = chance.choices((0, 1), weights=LOGGING[cell])[0]
        rows.append(
            Row(
                cell=cell if shown else "?",
                coarse=cell if shown else "?",
                arms=ARMS,
                chosen=chosen,
                logged=LOGGING[cell],
                target=TARGET[cell],
                verified=float(chance.random() < SUCCESS[cell, ARMS[chosen]]),
                cost_usd=COST[ARMS[chosen]] * chance.uniform(0.5, 1.5),
            )
        )
    return rows


def test_the_doubly_robust_interval_covers_the_truth() -> None:
    success, cost = truth()
    covered = {"success": 0, "cost": 0, "ratio": 0}
    for seed in range(60):
        dr = replayed("t", simulated(400, seed)).dr
        covered["success"] += dr.success.low <= success <= dr.success.high
        covered["cost"] += dr.cost_usd.low <= cost <= dr.cost_usd.high
        covered["ratio"] += dr.cost_per_success.low <= cost / success <= dr.cost_per_success.high
    assert all(c >= 52 for c in covered.values()), covered  # 95 % of 60 is 57; 52 is three deviations below


def test_a_biased_model_is_corrected_and_ips_scatters_more() -> None:
    success, _ = truth()
    dr, dm, ips = [], [], []
    for seed in range(40):
        replay = replayed("t", simulated(500, seed, shown=False))  # confounded: the hard tasks went to the dear arm
        dr.append(replay.dr.success.value)
        dm.append(replay.dm.success.value)
        ips.append(replay.ips.success.value)
    assert abs(mean(dm) - success) > 0.04
    assert abs(mean(dr) - success) < 0.015
    assert abs(mean(ips) - success) < 0.025
    assert spread(dr) < spread(ips)


def test_a_policy_that_did_what_the_log_did_gets_what_was_logged() -> None:
    rows = simulated(300, 1)
    same = [Row(**{**row.__dict__, "target": row.logged}) for row in rows]
    replay = replayed("same", same)
    assert replay.ips.cost_usd.value == pytest.approx(replay.logged.cost_usd.value)
    assert replay.dr.success.value == pytest.approx(replay.logged.success.value, abs=0.03)
    assert replay.effective_rows == pytest.approx(300)


def test_choices_that_the_log_could_not_make_are_named() -> None:
    rows = [Row(**{**r.__dict__, "logged": (1.0, 0.0), "chosen": 0, "target": (0.0, 1.0)}) for r in simulated(100, 1)]
    replay = replayed("dear", rows)
    assert replay.unsupported == 1.0
    assert any("never possible" in w for w in replay.warnings)
    assert replay.effective_rows == 0


async def test_logged_decisions_are_replayed_with_their_own_chances(tmp_path: Path) -> None:
    bench = Bench(tmp_path, RoutingSettings(explore=0.3, warmup=0))
    for i in range(40):
        await bench.learn(f"run_{i}", verified=i % 3 > 0)
    await bench.router.record(told(await bench.decide("forced", tier="t1"), True))  # nothing was free to choose
    log = await bench.store.log()
    assert len(log) == 41
    replay: Replay = replay_policy(log, named_policy("best", RoutingSettings()))
    assert replay.rows == 40
    assert replay.logged.success.value == pytest.approx(26 / 40)
    for cost in (replay.dr.cost_usd, replay.dm.cost_usd):
        assert cost.value == pytest.approx(0.01, rel=0.5)  # every logged first try cost that
    with pytest.raises(InputError, match="no decision to replay"):
        replay_policy((), named_policy("best", RoutingSettings()))


def test_a_policy_by_name_or_from_a_file(tmp_path: Path) -> None:
    assert named_policy("learned", RoutingSettings()).name == "learned"
    file = tmp_path / "p.json"
    file.write_text(json.dumps({"name": "mine", "arms": {"d3": "t2 > t3", "default": "t1 > t2 > t3"}}))
    table = named_policy(str(file), RoutingSettings())
    assert isinstance(table, Table)
    assert table.name == "mine"
    file.write_text("{}")
    with pytest.raises(InputError, match="looks like"):
        named_policy(str(file), RoutingSettings())
    with pytest.raises(InputError, match="neither a policy"):
        named_policy("nonsense", RoutingSettings())


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def spread(values: list[float]) -> float:
    return mean([(v - mean(values)) ** 2 for v in values]) ** 0.5
