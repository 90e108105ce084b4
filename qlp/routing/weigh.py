"""From what is believed to a choice: every arm is valued, held against floors and limits, and one is taken."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from qlp.routing.arms import Arm, Rung, arms_of, forced_arm
from qlp.routing.beliefs import Belief
from qlp.routing.decision import Estimate, Interval
from qlp.routing.features import Features
from qlp.routing.ladder import Step, quantile, value_of
from qlp.routing.limits import Limits
from qlp.routing.policies import Policy
from qlp.routing.priors import priors
from qlp.routing.thompson import DRAWS, Draws, draw, pick

_LOW, _HIGH = 0.1, 0.9
_UNSURE = 3.0
"""Relative width of a cost per success from which a reason says that it is a guess."""


class Common(TypedDict):
    """What both sets of draws share."""

    max_attempts: int
    repair: bool
    second_usd: float
    draws: int


@dataclass(frozen=True)
class Weighed:
    """`estimates[chosen]` is taken; the others are in no order."""

    estimates: tuple[Estimate, ...]
    chosen: int
    reasons: tuple[str, ...]


def open_arms(fleet: Sequence[Rung], features: Features, limits: Limits) -> tuple[Arm, ...]:
    """What may be weighed at all: all ways up, or the tier that is asked for with the ways that begin there."""
    counts = limits.candidates if features.task_kind == "code" else (1,)
    ways = arms_of(fleet, counts, repair=features.repair)
    if limits.forced is not None:
        alone = forced_arm(fleet, limits.forced, max(counts))
        if alone is not None:
            more = [a for a in ways if a.tiers[0] == limits.forced and a.n == alone.n and a != alone]
            return (alone, *(more if limits.hard_floor > 0 else ()))
    if limits.first is not None:
        return tuple(a for a in ways if a.ladder[0].tier == limits.first) or ways
    return ways


def weigh(
    arms: Sequence[Arm],
    beliefs: Mapping[str, Belief],
    features: Features,
    limits: Limits,
    policy: Policy,
    *,
    max_attempts: int,
    second_usd: float,
    seed: int,
    draws: int = DRAWS,
) -> Weighed:
    """Deterministic in its arguments. `arms` is not empty; `beliefs` has every key of `router.tries_of`."""
    chance = random.Random(seed)
    common: Common = {"max_attempts": max_attempts, "repair": features.repair, "second_usd": second_usd, "draws": draws}
    believed = draw(arms, beliefs, chance, **common)  # as wide as the belief: for bounds
    sampled = draw(arms, beliefs, chance, sharpness=priors().sharpness, **common)  # for the choice
    estimates = [_estimate(arm, beliefs, believed, i, features, max_attempts, second_usd) for i, arm in enumerate(arms)]
    estimates, relaxed = _held_against(estimates, limits)
    allowed = [i for i, e in enumerate(estimates) if e.allowed]
    wins = sampled.wins(allowed)
    chances = policy.probabilities(features, estimates, wins)
    chosen = pick(chances, chance)
    final = tuple(
        e.model_copy(update={"wins": round(w, 6), "propensity": round(p, 6)})
        for e, w, p in zip(estimates, wins, chances, strict=True)
    )
    return Weighed(estimates=final, chosen=chosen, reasons=_reasons(final, chosen, policy, relaxed))


def _estimate(
    arm: Arm,
    beliefs: Mapping[str, Belief],
    drawn: Draws,
    i: int,
    features: Features,
    max_attempts: int,
    second_usd: float,
) -> Estimate:
    path = [beliefs[one.key] for _, one in arm.tries(max_attempts, repair=features.repair)]
    value = value_of(Step(success=b.success, cost_usd=b.cost_usd, seconds=b.seconds) for b in path)
    success, ratio = drawn.success[i], drawn.per_success[i]
    return Estimate(
        arm=arm,
        success=_interval(value.success, success),
        cost_usd=round(value.cost_usd, 8),
        cost_per_success=_interval(value.per_success(second_usd), ratio),
        seconds=round(value.seconds, 2),
        first_try_usd=round(path[0].cost_usd, 8),
        observed=round(path[0].observed, 2),
        priced=all(b.priced for b in path),
    )


def _interval(mean: float, draws: Sequence[float]) -> Interval:
    low, high = quantile(draws, _LOW), quantile(draws, _HIGH)
    return Interval(mean=round(mean, 8), low=round(min(low, mean), 8), high=round(max(high, mean), 8))


def _held_against(estimates: list[Estimate], limits: Limits) -> tuple[list[Estimate], str]:
    """Floors and limits; where nothing is left the surest arm stays, and it is said why."""
    if limits.forced is not None:
        return _forced(estimates, limits)
    checked = [_checked(e, limits) for e in estimates]
    if any(e.allowed for e in checked):
        return checked, ""
    surest = max(range(len(checked)), key=lambda i: checked[i].success.low)
    checked[surest] = checked[surest].model_copy(update={"allowed": True})
    return checked, f"no way keeps every limit ({checked[surest].why_not}): the surest is taken"


def _forced(estimates: list[Estimate], limits: Limits) -> tuple[list[Estimate], str]:
    alone = estimates[0]
    if alone.success.low >= limits.hard_floor or len(estimates) == 1:
        why = "the request asks for another way"
        return [alone, *(e.model_copy(update={"allowed": False, "why_not": why}) for e in estimates[1:])], ""
    why = f"{alone.name} alone may reach only {alone.success.low:.0%}, the hard floor is {limits.hard_floor:.0%}"
    alone = alone.model_copy(update={"allowed": False, "why_not": why})
    kept = [e if e.success.low >= limits.hard_floor else _refused(e, "below the hard floor") for e in estimates[1:]]
    if not any(e.allowed for e in kept):
        surest = max(range(len(kept)), key=lambda i: kept[i].success.low)
        kept[surest] = kept[surest].model_copy(update={"allowed": True})
    return [alone, *kept], why


def _checked(e: Estimate, limits: Limits) -> Estimate:
    if e.success.low < limits.floor:
        return _refused(e, f"may reach only {e.success.low:.0%}, the floor is {limits.floor:.0%}")
    if limits.latency_s is not None and e.seconds > limits.latency_s:
        return _refused(e, f"{e.seconds:.0f} s expected, the limit is {limits.latency_s:.0f} s")
    if limits.max_cost_usd is not None and e.priced and e.first_try_usd > limits.max_cost_usd:
        return _refused(e, f"a first try costs about ${e.first_try_usd:.4f}, the cap is ${limits.max_cost_usd:.4f}")
    return e


def _refused(e: Estimate, why: str) -> Estimate:
    return e.model_copy(update={"allowed": False, "why_not": why})


def _reasons(estimates: Sequence[Estimate], chosen: int, policy: Policy, relaxed: str) -> tuple[str, ...]:
    taken = estimates[chosen]
    said = [
        f"{taken.name}: ${taken.cost_per_success.mean:.4f} expected for each verified success, "
        f"{taken.success.mean:.0%} likely ({taken.success.low:.0%} to {taken.success.high:.0%}), "
        f"about {taken.seconds:.0f} s"
    ]
    others = [e for i, e in enumerate(estimates) if i != chosen and e.allowed]
    best = min(others, key=lambda e: e.cost_per_success.mean, default=None)
    if best is not None and best.cost_per_success.mean < taken.cost_per_success.mean:
        said.append(
            f"{best.name} looks cheaper (${best.cost_per_success.mean:.4f}); policy {policy.name} takes "
            f"{taken.name} in {taken.propensity:.0%} of such cases"
            + (", to learn which it is" if policy.name == "learned" else "")
        )
    elif best is not None:
        said.append(f"next: {best.name} at ${best.cost_per_success.mean:.4f}")
    if relaxed:
        said.append(relaxed)
    if taken.observed < 1:
        said.append("nothing was observed yet for this kind of task: these are priors")
    elif taken.cost_per_success.high > _UNSURE * max(taken.cost_per_success.low, 1e-9):
        said.append(f"still unsure: about {taken.observed:.0f} outcomes speak about its first try")
    if not taken.priced:
        said.append("the price of a model is unknown: an assumed one is used for weighing, never for billing")
    return tuple(said)
