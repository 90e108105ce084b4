"""Measures of probabilities against outcomes. Arrays have one dimension and equal lengths: `p` in [0, 1], `y` 0 or 1.

Pooled AUROC flatters where sources differ in how often they are right; so it is also taken within one task and within
one generator, over the pairs that only differ in the solution.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS = 15
"""Equal-mass bins of the calibration error."""
COVERAGES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def auroc(p: Floats, y: Ints) -> float | None:
    """Chance that a right one scores above a wrong one, ties half (Mann-Whitney); None if one class is missing."""
    wins, pairs = _wins(p, y)
    return wins / pairs if pairs else None


def within(p: Floats, y: Ints, groups: Ints) -> float | None:
    """AUROC over pairs of the same group only, all such pairs counted alike."""
    found = [_wins(p[members], y[members]) for members in members_of(groups)]
    pairs = sum(n for _, n in found)
    return sum(w for w, _ in found) / pairs if pairs else None


def _wins(p: Floats, y: Ints) -> tuple[float, float]:
    right = int(y.sum())
    wrong = len(y) - right
    if not right or not wrong:
        return 0.0, 0.0
    _, inverse, counts = np.unique(p, return_inverse=True, return_counts=True)
    upto = np.cumsum(counts)
    ranks = (upto - (counts - 1) / 2)[inverse]
    return float(ranks[y == 1].sum() - right * (right + 1) / 2), float(right) * wrong


def brier(p: Floats, y: Ints) -> float:
    return float(np.mean((p - y) ** 2))


def brier_skill(p: Floats, y: Ints) -> float | None:
    """1 - Brier score over that of always saying this set's own base rate; None if all outcomes are alike."""
    base = float(np.mean(y))
    return None if base in (0.0, 1.0) else 1 - brier(p, y) / (base * (1 - base))


def log_loss(p: Floats, y: Ints) -> float:
    q = np.clip(p, 1e-6, 1 - 1e-6)
    return float(-np.mean(y * np.log(q) + (1 - y) * np.log(1 - q)))


def ece(p: Floats, y: Ints, bins: int = BINS) -> float:
    """Expected calibration error over equal-mass bins."""
    order = np.argsort(p, kind="stable")
    gaps = (p - y)[order]
    edges = (np.arange(bins + 1) * len(p)) // bins
    sums = np.add.reduceat(np.append(gaps, 0.0), np.minimum(edges[:-1], len(p)))
    filled = edges[1:] > edges[:-1]
    return float(np.abs(sums[filled]).sum() / len(p))


def members_of(groups: Ints) -> Iterator[NDArray[np.intp]]:
    order = np.argsort(groups, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def bootstrap_ece(p: Floats, y: Ints, tasks: Ints, *, rounds: int, seed: int) -> tuple[float, float]:
    """90 % interval of the calibration error, whole tasks drawn with replacement (Efron's percentiles)."""
    by_task = list(members_of(tasks))
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        drawn = np.concatenate([by_task[i] for i in chance.integers(0, len(by_task), len(by_task))])
        found.append(ece(p[drawn], y[drawn]))
    low, high = np.percentile(found, [5, 95])
    return float(low), float(high)


@dataclass(frozen=True)
class RiskCoverage:
    """Share of wrong ones among the most confident share `coverage`."""

    coverage: Floats
    risk: Floats

    @property
    def area(self) -> float:
        """Mean risk over all coverages (AURC); smaller is better."""
        return float(self.risk.mean())

    def at(self, coverage: float) -> float:
        return float(self.risk[max(round(coverage * len(self.risk)), 1) - 1])


def risk_coverage(p: Floats, y: Ints) -> RiskCoverage:
    """Ties share their wrong ones evenly, so the order of the rows does not matter."""
    order = np.argsort(-p, kind="stable")
    ordered = p[order]
    wrong = (1.0 - y)[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(ordered)])
    even = np.repeat(np.add.reduceat(wrong, starts) / sizes, sizes)
    taken = np.arange(1, len(p) + 1)
    return RiskCoverage(coverage=taken / len(p), risk=np.cumsum(even) / taken)


def ids(values: list[Any]) -> Ints:
    """Small integers for equal values."""
    return np.unique(np.asarray([str(v) for v in values]), return_inverse=True)[1].astype(np.int64)
