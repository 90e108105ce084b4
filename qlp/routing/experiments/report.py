"""What an experiment shows so far: rates, costs, and tests that may be looked at as often as one likes."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Literal

from qlp.config import ExperimentSettings
from qlp.models._base import Frozen
from qlp.routing.experiments.assignment import control_of
from qlp.routing.experiments.sequential import (
    anytime_p,
    pairs,
    wealth_of_difference,
    wealth_of_failures,
    wealth_of_ratio,
)

_GUARDS = 3
_RESAMPLES = 500
_LEVEL = 0.95
_Z = 1.959964


class Observed(Frozen):
    """The first settled run of a unit."""

    arm: str
    unit: str
    verified: bool
    cost_usd: float
    seconds: float


class Stopped(Frozen):
    arm: str
    reason: str
    at: float
    """Unix seconds."""


class ArmReport(Frozen):
    arm: str
    exposed: int
    """Units that got it."""
    units: int
    """Units with an outcome: only these are compared."""
    verified: float | None = None
    """Share of them."""
    verified_interval: tuple[float, float] | None = None
    """Wilson's, 95 %: for the eye, it does not allow for looking often."""
    cost_usd: float | None = None
    """Mean."""
    cost_per_success: float | None = None
    cost_per_success_interval: tuple[float, float] | None = None
    """Percentile bootstrap, 95 %: for the eye, as above."""
    seconds: float | None = None
    stopped: str = ""


class Comparison(Frozen):
    """An arm beside the control."""

    arm: str
    control: str
    difference: float
    """Of the verified shares."""
    blocks: int
    """Pairs of units on which the test rests."""
    p: float
    """Against equal shares; holds at every look."""
    needed: float
    """A p below this claims a difference: alpha over the number of arms that are compared."""
    says: Literal["better", "worse", "undecided"]


class ExperimentReport(Frozen):
    name: str
    version: str
    unit: str
    control: str
    alpha: float
    arms: tuple[ArmReport, ...]
    comparisons: tuple[Comparison, ...]


def report_of(
    name: str,
    version: str,
    experiment: ExperimentSettings,
    exposed: dict[str, int],
    observed: Sequence[Observed],
    stops: Sequence[Stopped],
) -> ExperimentReport:
    """`observed` in the order in which it came."""
    control = control_of(experiment)
    reason = {s.arm: s.reason for s in stops}
    by_arm = {arm: [o for o in observed if o.arm == arm] for arm in experiment.arms}
    others = [arm for arm in experiment.arms if arm != control]
    return ExperimentReport(
        name=name,
        version=version,
        unit=experiment.unit,
        control=control,
        alpha=experiment.alpha,
        arms=tuple(_arm(arm, exposed.get(arm, 0), by_arm[arm], reason.get(arm, "")) for arm in experiment.arms),
        comparisons=tuple(
            _compared(arm, by_arm[arm], control, by_arm[control], experiment.alpha / len(others)) for arm in others
        ),
    )


def broken_guardrail(experiment: ExperimentSettings, arm: Sequence[Observed], control: Sequence[Observed]) -> str:
    """Why an arm must stop; empty while it may go on. Each of the guardrails may err with alpha / 3 / arms."""
    needed = _GUARDS * (len(experiment.arms) - 1) / experiment.alpha
    failures = wealth_of_failures(_successes(arm, control), experiment.max_failure_ratio)
    if max(failures, default=1.0) >= needed:
        return (
            f"fails more than {experiment.max_failure_ratio:g} times as often as the control: "
            f"{_failed(arm)} against {_failed(control)}"
        )
    costs = pairs([o.cost_usd for o in arm], [o.cost_usd for o in control])
    if max(wealth_of_ratio(costs, experiment.max_cost_ratio), default=1.0) >= needed:
        return f"its runs typically cost more than {experiment.max_cost_ratio:g} times the control's"
    waits = pairs([o.seconds for o in arm], [o.seconds for o in control])
    if max(wealth_of_ratio(waits, experiment.max_latency_ratio), default=1.0) >= needed:
        return f"its runs typically take more than {experiment.max_latency_ratio:g} times the control's time"
    return ""


def _arm(arm: str, exposed: int, seen: Sequence[Observed], stopped: str) -> ArmReport:
    if not seen:
        return ArmReport(arm=arm, exposed=exposed, units=0, stopped=stopped)
    n = len(seen)
    won = sum(o.verified for o in seen)
    cost = sum(o.cost_usd for o in seen)
    return ArmReport(
        arm=arm,
        exposed=exposed,
        units=n,
        verified=round(won / n, 4),
        verified_interval=wilson(won, n),
        cost_usd=round(cost / n, 6),
        cost_per_success=round(cost / won, 6) if won else None,
        cost_per_success_interval=_bootstrap(seen),
        seconds=round(sum(o.seconds for o in seen) / n, 2),
        stopped=stopped,
    )


def _compared(arm: str, a: Sequence[Observed], control: str, c: Sequence[Observed], needed: float) -> Comparison:
    blocks = _successes(a, c)
    p = anytime_p(wealth_of_difference(blocks))
    difference = _share(a) - _share(c)
    decided = p <= needed
    return Comparison(
        arm=arm,
        control=control,
        difference=round(difference, 4),
        blocks=len(blocks),
        p=round(p, 6),
        needed=round(needed, 6),
        says=("better" if difference > 0 else "worse") if decided else "undecided",
    )


def wilson(won: int, n: int) -> tuple[float, float]:
    """Wilson (1927), 95 %."""
    p = won / n
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n * n))
    return round(max(centre - half, 0.0), 4), round(min(centre + half, 1.0), 4)


def _bootstrap(seen: Sequence[Observed]) -> tuple[float, float] | None:
    """Of cost over successes; None if resamples without a success are too many to say anything."""
    chance = random.Random(len(seen))
    ratios = []
    for _ in range(_RESAMPLES):
        drawn = chance.choices(seen, k=len(seen))
        won = sum(o.verified for o in drawn)
        ratios.append(sum(o.cost_usd for o in drawn) / won if won else math.inf)
    ratios.sort()
    tail = (1 - _LEVEL) / 2
    low, high = ratios[int(tail * _RESAMPLES)], ratios[int((1 - tail) * _RESAMPLES) - 1]
    return None if math.isinf(high) else (round(low, 6), round(high, 6))


def _successes(a: Sequence[Observed], b: Sequence[Observed]) -> list[tuple[float, float]]:
    return pairs([float(o.verified) for o in a], [float(o.verified) for o in b])


def _share(seen: Sequence[Observed]) -> float:
    return sum(o.verified for o in seen) / len(seen) if seen else 0.0


def _failed(seen: Sequence[Observed]) -> str:
    return f"{sum(not o.verified for o in seen)} of {len(seen)}"
