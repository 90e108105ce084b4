"""Thompson sampling over ladders, with propensities that are known exactly.

Every draw takes one success and one cost for each kind of try from what is believed, values all ladders with them, and
names the cheapest per verified success. The choice is the winner of one draw picked at random out of all, so the share
of draws that an arm wins *is* the probability with which it is chosen (Thompson 1933; the ratio as in budgeted bandits,
Xia et al. 2015). The seed makes it the same in a replay. `sharpness` narrows the draws, as if so many times as much was
known (Chapelle & Li 2011): less exploration, of which many ways that share their tries need less.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qlp.routing.arms import Arm
from qlp.routing.beliefs import Belief

DRAWS = 64
"""Propensities are multiples of 1/64; a decision takes a few milliseconds."""


@dataclass(frozen=True)
class Draws:
    """`success[a][d]`, `per_success[a][d]` of arm a in draw d."""

    success: list[list[float]]
    per_success: list[list[float]]

    def wins(self, allowed: Sequence[int]) -> list[float]:
        """Share of draws in which each arm is the cheapest per verified success among the allowed ones."""
        counts = [0] * len(self.success)
        draws = len(self.per_success[0])
        for d in range(draws):
            counts[min(allowed, key=lambda a: self.per_success[a][d])] += 1
        return [c / draws for c in counts]


def draw(
    arms: Sequence[Arm],
    beliefs: Mapping[str, Belief],
    chance: random.Random,
    *,
    max_attempts: int,
    repair: bool,
    second_usd: float,
    sharpness: float = 1.0,
    draws: int = DRAWS,
) -> Draws:
    """`beliefs` by `Try.key`. Within a draw a try has one value in all ladders that it is part of."""
    keys = sorted(beliefs)
    place = {key: i for i, key in enumerate(keys)}
    paths = [[place[one.key] for _, one in arm.tries(max_attempts, repair=repair)] for arm in arms]
    waits = [beliefs[key].seconds * second_usd for key in keys]
    success: list[list[float]] = [[] for _ in arms]
    ratio: list[list[float]] = [[] for _ in arms]
    for _ in range(draws):
        drawn = [beliefs[key].drawn(chance, sharpness) for key in keys]
        for a, path in enumerate(paths):
            reached, cost = 1.0, 0.0
            for i in path:
                p, usd = drawn[i]
                cost += reached * (usd + waits[i])
                reached *= 1 - p
            success[a].append(1 - reached)
            ratio[a].append(cost / max(1 - reached, 1e-9))
    return Draws(success, ratio)


def mixed(wins: Sequence[float], costs: Sequence[float], allowed: Sequence[int], explore: float) -> list[float]:
    """`explore` of the choices over all allowed arms, inversely to their `costs`: each keeps a chance to be chosen and
    can be estimated offline, and the dear ones, whose looks would cost most, get the fewest."""
    weights = {i: 1 / max(costs[i], 1e-9) for i in allowed}
    total = sum(weights.values())
    return [(1 - explore) * w + explore * weights.get(i, 0.0) / total for i, w in enumerate(wins)]


def pick(propensities: Sequence[float], chance: random.Random) -> int:
    return chance.choices(range(len(propensities)), weights=propensities)[0]
