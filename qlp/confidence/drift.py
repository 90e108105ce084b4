"""Does a calibrated confidence still hold? The calibration error of the last outcomes against what chance explains.

The expected calibration error of a few outcomes is never 0, also for a perfect calibration. So the bound is no chosen
number: it is the 99th percentile of the error of outcomes drawn from the predicted probabilities themselves.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from qlp.models._base import Frozen

WINDOW = 100
"""Latest outcomes that are looked at."""
LEAST = 50
"""Fewer outcomes than this show nothing."""
_BINS = 5
_DRAWS = 400
_LEVEL = 0.99


class Drift(Frozen):
    """Calibration error of the latest outcomes; `bound` is what chance alone exceeds in one of a hundred cases."""

    ece: float
    bound: float
    outcomes: int
    mean_predicted: float
    mean_right: float

    @property
    def alert(self) -> bool:
        return self.ece > self.bound


def equal_mass_ece(predicted: Sequence[float], right: Sequence[float], bins: int) -> float:
    """Mean |predicted - observed| over bins of (nearly) equally many outcomes, ordered by prediction."""
    order = sorted(range(len(predicted)), key=lambda i: predicted[i])
    total, n = 0.0, len(order)
    for b in range(bins):
        members = order[b * n // bins : (b + 1) * n // bins]
        if members:
            total += abs(sum(predicted[i] - right[i] for i in members))
    return total / n if n else 0.0


def drift_of(predicted: Sequence[float], right: Sequence[int]) -> Drift | None:
    """Over the last WINDOW outcomes, oldest first; None if there are fewer than LEAST. Deterministic."""
    if len(predicted) < LEAST:
        return None
    latest, labels = list(predicted[-WINDOW:]), list(right[-WINDOW:])
    chance = random.Random(len(latest))
    drawn = sorted(equal_mass_ece(latest, [float(chance.random() < p) for p in latest], _BINS) for _ in range(_DRAWS))
    return Drift(
        ece=round(equal_mass_ece(latest, labels, _BINS), 4),
        bound=round(drawn[int(_LEVEL * _DRAWS)], 4),
        outcomes=len(latest),
        mean_predicted=round(sum(latest) / len(latest), 4),
        mean_right=round(sum(labels) / len(labels), 4),
    )
