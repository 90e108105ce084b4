"""What was learned, and how it grows: pure rules that the store and a simulation share.

A try is counted at three levels: its difficulty over all tenants, its cell over all tenants, its cell of its tenant.
Each (scope, cell) has a clock of its own, the count of its outcomes, by which its statistics fade.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from qlp.models import Tier
from qlp.routing.arms import Rung, Try
from qlp.routing.beliefs import Belief, believe, price_of
from qlp.routing.decision import RouteDecision, RouteOutcome, TryOutcome
from qlp.routing.features import Features
from qlp.routing.priors import Priors
from qlp.routing.statistic import Seen, Statistic

EVERYBODY = ""
"""Scope of all tenants together."""
_PER_MILLION = 1_000_000.0


class Place(NamedTuple):
    """Where outcomes are counted."""

    scope: str
    """A tenant, or EVERYBODY."""
    cell: str


def places_of(features: Features, tenant: str) -> tuple[Place, Place, Place]:
    """From the widest to the closest."""
    return (Place(EVERYBODY, features.coarse), Place(EVERYBODY, features.cell), Place(tenant, features.cell))


def try_of(outcome: TryOutcome) -> Try:
    return Try(tier=outcome.tier, model=outcome.model, n=outcome.n, after=outcome.after)


def seen_of(outcome: TryOutcome, rung: Rung, difficulty: int, p: Priors) -> Seen:
    """`verified` must be known."""
    cost = cost_of(outcome, rung, difficulty, p)
    return Seen(verified=bool(outcome.verified), cost_usd=cost, seconds=outcome.seconds)


def cost_of(outcome: TryOutcome, rung: Rung, difficulty: int, p: Priors) -> float:
    """US dollars; without a known price at an assumed one over its tokens, or over those that were expected."""
    if outcome.cost_usd is not None:
        return outcome.cost_usd
    price_in, price_out = price_of(rung, p)
    if outcome.input_tokens or outcome.output_tokens:
        return (outcome.input_tokens * price_in + outcome.output_tokens * price_out) / _PER_MILLION
    tokens_in, tokens_out = p.input_tokens[rung.tier][difficulty], p.output_tokens[rung.tier][difficulty]
    return outcome.n * (tokens_in * price_in + tokens_out * price_out) / _PER_MILLION


def spent_on(decision: RouteDecision, outcome: RouteOutcome, p: Priors) -> float:
    """US dollars of all tries."""
    rungs = rungs_of(decision)
    difficulty = decision.features.difficulty
    return sum(cost_of(t, rungs.get(t.tier, Rung(tier=t.tier, model=t.model)), difficulty, p) for t in outcome.tries)


def rungs_of(decision: RouteDecision) -> dict[Tier, Rung]:
    return {r.tier: r for e in (*decision.alternatives, decision.chosen) for r in e.arm.ladder}


def beliefs_of(
    tries: Mapping[str, tuple[Rung, Try]],
    difficulty: int,
    levels: Mapping[str, tuple[Statistic, ...]],
    p: Priors,
) -> dict[str, Belief]:
    """`levels` by `Try.key` and by `Try.cost_key`."""
    return {
        key: believe(rung, one, difficulty, levels.get(key, ()), levels.get(one.cost_key, ()), p)
        for key, (rung, one) in tries.items()
    }


def keys_of(tries: Iterable[Try]) -> set[str]:
    """Everything that `beliefs_of` wants to know."""
    return {key for one in tries for key in (one.key, one.cost_key)}


class MemoryStatistics:
    """In this process alone, without a lock: for simulations and tests. The store keeps the same in tables."""

    def __init__(self, p: Priors) -> None:
        self._p = p
        self._ticks: dict[Place, int] = {}
        self._statistics: dict[tuple[Place, str], Statistic] = {}

    def levels(
        self, features: Features, tenant: str, keys: Iterable[str], at: float
    ) -> dict[str, tuple[Statistic, ...]]:
        places = places_of(features, tenant)
        return {
            key: tuple(
                self._statistics.get((place, key), Statistic()).faded(self._ticks.get(place, 0), at, self._p)
                for place in places
            )
            for key in keys
        }

    def known(self, features: Features) -> int:
        return self._ticks.get(Place(EVERYBODY, features.coarse), 0)

    def learn(self, features: Features, tenant: str, one: Try, seen: Seen, at: float) -> None:
        for place in places_of(features, tenant):
            tick = self._ticks[place] = self._ticks.get(place, 0) + 1
            for key in (one.key, one.cost_key):
                before = self._statistics.get((place, key), Statistic(tick=tick, at=at))
                self._statistics[place, key] = before.after(seen, tick, at, self._p)
