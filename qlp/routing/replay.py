"""What another policy would have cost and reached on logged decisions, before it goes live.

Three estimates of the same value. *DM* (direct method) asks a model of cost and success fitted on the log, and is off
where the log's policy looked away. *IPS* weighs what was seen by how much likelier the new policy is to do it, is
right on average if the propensities are, and scatters. *DR* (doubly robust: Dudik, Langford & Li 2011) takes the
model and corrects it by the weighted residuals: right if either is, with less scatter than IPS. The model is fitted on
the other folds of the log (cross-fitting), so that it cannot flatter itself on the row that it predicts.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qlp.models._base import Frozen

FOLDS = 5
_Z = 1.959964
_POOL = 5.0
"""Outcomes that a wider mean is worth in the model of the direct method."""


@dataclass(frozen=True)
class Row:
    """A logged decision: what was seen, chosen and got, and how likely each arm was then."""

    cell: str
    coarse: str
    arms: tuple[str, ...]
    chosen: int
    logged: tuple[float, ...]
    """Chance of each arm, by the policy that wrote the log; the chosen one's is not 0."""
    target: tuple[float, ...]
    """The same by the policy that is evaluated."""
    verified: float
    cost_usd: float


class Measured(Frozen):
    """A mean with its 95 % interval (normal, by the rows' influence values)."""

    value: float
    low: float
    high: float


class Estimated(Frozen):
    """By one method."""

    success: Measured
    cost_usd: Measured
    cost_per_success: Measured
    """The ratio of the two, its interval by the delta method."""


class Replay(Frozen):
    """What the log says about a policy. `logged` is what really happened."""

    policy: str
    rows: int
    logged: Estimated
    dr: Estimated
    ips: Estimated
    dm: Estimated
    effective_rows: float
    """(sum w)^2 / sum w^2: rows of this policy that the log is worth to IPS and DR."""
    unsupported: float
    """Share of the policy's choices that the log could not have made: there, DR rests on the model alone."""
    warnings: tuple[str, ...] = ()


Mean = Callable[[int, Row, int], float]
"""(fold, row, arm) -> prediction from the other folds."""


def replayed(policy: str, rows: Sequence[Row]) -> Replay:
    """`rows` is not empty."""
    folds = [i % FOLDS for i in range(len(rows))]
    success = _model(rows, folds, lambda r: r.verified)
    cost = _model(rows, folds, lambda r: r.cost_usd)
    weights = [r.target[r.chosen] / r.logged[r.chosen] for r in rows]
    dm_s, dr_s, ips_s = _values(rows, folds, weights, success, lambda r: r.verified)
    dm_c, dr_c, ips_c = _values(rows, folds, weights, cost, lambda r: r.cost_usd)
    missing = sum(sum(t for a, t in enumerate(r.target) if t > 0 and r.logged[a] <= 0) for r in rows) / len(rows)
    squares = sum(w * w for w in weights)
    effective = sum(weights) ** 2 / squares if squares else 0.0
    return Replay(
        policy=policy,
        rows=len(rows),
        logged=_estimated([r.verified for r in rows], [r.cost_usd for r in rows]),
        dr=_estimated(dr_s, dr_c),
        ips=_estimated(ips_s, ips_c),
        dm=_estimated(dm_s, dm_c),
        effective_rows=round(effective, 1),
        unsupported=round(missing, 4),
        warnings=_warnings(len(rows), effective, missing),
    )


def _values(
    rows: Sequence[Row], folds: Sequence[int], weights: Sequence[float], model: Mean, got: Callable[[Row], float]
) -> tuple[list[float], list[float], list[float]]:
    """Per row: direct, doubly robust, inverse propensity."""
    direct, robust, inverse = [], [], []
    for row, fold, weight in zip(rows, folds, weights, strict=True):
        expected = sum(t * model(fold, row, a) for a, t in enumerate(row.target) if t > 0)
        direct.append(expected)
        residual = got(row) - model(fold, row, row.chosen) if weight else 0.0
        robust.append(expected + weight * residual)
        inverse.append(weight * got(row))
    return direct, robust, inverse


def _model(rows: Sequence[Row], folds: Sequence[int], got: Callable[[Row], float]) -> Mean:
    """Means by (arm, cell), drawn towards (arm, difficulty), the arm, and everything; each without its own fold."""
    sums: dict[tuple[int, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    whole = [[0.0, 0.0] for _ in range(FOLDS)]
    for row, fold in zip(rows, folds, strict=True):
        arm, value = row.arms[row.chosen], got(row)
        for other in range(FOLDS):
            if other == fold:
                continue
            whole[other][0] += value
            whole[other][1] += 1
            for level in ("", row.coarse, row.cell):
                entry = sums[other, arm, level]
                entry[0] += value
                entry[1] += 1

    def mean(fold: int, row: Row, arm: int) -> float:
        total, n = whole[fold]
        value = total / n if n else 0.0
        for level in ("", row.coarse, row.cell):
            total, n = sums.get((fold, row.arms[arm], level), (0.0, 0.0))
            value = (total + _POOL * value) / (n + _POOL)
        return value

    return mean


def _estimated(success: Sequence[float], cost: Sequence[float]) -> Estimated:
    s, c = sum(success) / len(success), sum(cost) / len(cost)
    ratio = c / s if s > 0 else math.inf
    influence = [(ci - ratio * si) / s for si, ci in zip(success, cost, strict=True)] if s > 0 else []
    half = _half(influence) if influence else math.inf
    return Estimated(
        success=_measured(success),
        cost_usd=_measured(cost),
        cost_per_success=Measured(value=ratio, low=max(ratio - half, 0.0) if influence else 0.0, high=ratio + half),
    )


def _measured(values: Sequence[float]) -> Measured:
    mean, half = sum(values) / len(values), _half(values)
    return Measured(value=mean, low=mean - half, high=mean + half)


def _half(values: Sequence[float]) -> float:
    n = len(values)
    if n < 2:
        return math.inf
    mean = sum(values) / n
    return _Z * math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1) / n)


def _warnings(n: int, effective: float, missing: float) -> tuple[str, ...]:
    said = []
    if missing > 0.01:
        said.append(
            f"{missing:.0%} of this policy's choices were never possible in the log: there the estimate is the model's "
            "guess; raise routing.explore, or compare by an experiment"
        )
    if effective < 50:
        said.append(
            f"the log is worth only {effective:.0f} decisions of this policy: wait, or compare by an experiment"
        )
    if n < 200:
        said.append(f"{n} decisions are few: the intervals are approximate")
    return tuple(said)
