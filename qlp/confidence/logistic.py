"""The small functions of log-odds that everything here shares."""

from __future__ import annotations

import math

MOST = 30.0
"""Log-odds beyond this are cut: no evidence of ours is worth more, and exp stays finite."""


def sigmoid(logit: float) -> float:
    if logit >= 0:
        return 1 / (1 + math.exp(-min(logit, MOST)))
    power = math.exp(max(logit, -MOST))
    return power / (1 + power)


def logit(probability: float, floor: float = 1e-4) -> float:
    """Log-odds of a probability that is first cut to [floor, 1 - floor]."""
    p = min(max(probability, floor), 1 - floor)
    return math.log(p / (1 - p))
