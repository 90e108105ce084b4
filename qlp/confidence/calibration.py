"""From a raw score to a probability: monotone maps as data, applied in plain Python. How they are fitted stands in
training/maps.py."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import Annotated, Literal

from pydantic import Field, model_validator

from qlp.confidence.logistic import logit, sigmoid
from qlp.models._base import Frozen


class Platt(Frozen):
    """sigmoid(slope * score + intercept), Platt 1999."""

    kind: Literal["platt"] = "platt"
    slope: float = Field(ge=0)
    intercept: float

    def probability(self, score: float) -> float:
        return sigmoid(self.slope * score + self.intercept)

    def interval(self, score: float) -> tuple[float, float] | None:
        return None


class Beta(Frozen):
    """sigmoid(a ln p - b ln(1 - p) + c) with p = sigmoid(score), Kull et al. 2017; a, b >= 0 keep it monotone."""

    kind: Literal["beta"] = "beta"
    a: float = Field(ge=0)
    b: float = Field(ge=0)
    c: float

    def probability(self, score: float) -> float:
        p = min(max(sigmoid(score), 1e-12), 1 - 1e-12)
        return sigmoid(self.a * math.log(p) - self.b * math.log(1 - p) + self.c)

    def interval(self, score: float) -> tuple[float, float] | None:
        return None


class _Steps(Frozen):
    scores: tuple[float, ...]
    """Ascending."""

    @model_validator(mode="after")
    def _ascending(self) -> _Steps:
        if not self.scores or any(a >= b for a, b in zip(self.scores, self.scores[1:], strict=False)):
            raise ValueError("the scores of a calibration map have to ascend")
        return self


class Isotonic(_Steps):
    """Piecewise linear between (score, probability) points; constant outside (Zadrozny and Elkan 2002)."""

    kind: Literal["isotonic"] = "isotonic"
    probabilities: tuple[float, ...]

    def probability(self, score: float) -> float:
        i = bisect_right(self.scores, score)
        if i == 0:
            return self.probabilities[0]
        if i == len(self.scores):
            return self.probabilities[-1]
        low, high = self.scores[i - 1], self.scores[i]
        share = (score - low) / (high - low)
        return self.probabilities[i - 1] + share * (self.probabilities[i] - self.probabilities[i - 1])

    def interval(self, score: float) -> tuple[float, float] | None:
        return None


class VennAbers(_Steps):
    """Inductive Venn-Abers (Vovk and Petej 2014) on a grid of scores: the isotonic fit with the new score added as
    wrong gives the lower end, added as right the upper; the probability is p1 / (1 - p0 + p1)."""

    kind: Literal["venn_abers"] = "venn_abers"
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def probability(self, score: float) -> float:
        low, high = self.interval(score)
        return high / (1 - low + high)

    def interval(self, score: float) -> tuple[float, float]:
        i = min(bisect_left(self.scores, score), len(self.scores) - 1)
        return self.lower[i], self.upper[i]


CalibrationMap = Annotated[Platt | Beta | Isotonic | VennAbers, Field(discriminator="kind")]


def calibrated_logit(calibration: Platt | Beta | Isotonic | VennAbers, score: float) -> float:
    """Log-odds of the calibrated probability, cut where a map says 0 or 1: no finite sample shows either."""
    return logit(calibration.probability(score))
