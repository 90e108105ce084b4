"""What a generator's own outcomes do to a calibrated score: Platt scaling on top, with a Gaussian prior.

logit P(right) = slope * z + intercept for the calibrated log-odds z. The prior says how far generators lie from the
common map; its strength is measured over the training generators. Without outcomes the prediction is pulled towards
one half by as much as generators differ; with outcomes prior and data weigh against each other (MAP with Laplace's
approximation; the predictive probability is MacKay's 1992 approximation of the integral).
Three levels: all generators -> this generator -> this generator in this language and kind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from qlp.confidence.logistic import sigmoid
from qlp.models._base import Frozen

Outcomes = Sequence[tuple[float, int]]
"""(calibrated log-odds by the common map, 1 if it was right)."""

_NEWTON_STEPS = 50


class Spread(Frozen):
    """How generators differ from the common map: standard deviations of slope and intercept."""

    slope: float
    intercept: float
    cell: float
    """Share of these variances that remains between the languages and kinds of one generator."""


class Posterior(NamedTuple):
    """A Gaussian over (slope, intercept): means, variances, covariance; `outcomes` that it rests on."""

    slope: float
    intercept: float
    var_slope: float
    var_intercept: float
    covariance: float
    outcomes: int = 0

    def predict(self, z: float) -> tuple[float, float, float]:
        """Probability, and the ends of its 90 % interval."""
        mean = self.slope * z + self.intercept
        variance = max(self.var_slope * z * z + 2 * self.covariance * z + self.var_intercept, 0.0)
        wide = 1.6449 * math.sqrt(variance)
        return sigmoid(mean / math.sqrt(1 + math.pi * variance / 8)), sigmoid(mean - wide), sigmoid(mean + wide)


def prior(spread: Spread) -> Posterior:
    return Posterior(1.0, 0.0, spread.slope**2, spread.intercept**2, 0.0)


def learn(spread: Spread, here: Outcomes, elsewhere: Outcomes = ()) -> Posterior:
    """Of one generator: `here` are its outcomes in this language and kind, `elsewhere` its others."""
    own = prior(spread)
    if elsewhere:
        share = spread.cell
        between = own._replace(var_slope=own.var_slope * (1 - share), var_intercept=own.var_intercept * (1 - share))
        whole = _update(between, elsewhere)
        own = whole._replace(
            var_slope=whole.var_slope + share * own.var_slope,
            var_intercept=whole.var_intercept + share * own.var_intercept,
        )
    return _update(own, here)._replace(outcomes=len(here))


def _update(before: Posterior, outcomes: Outcomes) -> Posterior:
    """MAP by Newton's method; the objective is convex, so it ends. A negative slope would turn the order round: it is
    held at 0 instead."""
    if not outcomes:
        return before
    fitted = _newton(before, outcomes, free_slope=True)
    return fitted if fitted.slope >= 0 else _newton(before, outcomes, free_slope=False)


def _newton(before: Posterior, outcomes: Outcomes, *, free_slope: bool) -> Posterior:
    det = before.var_slope * before.var_intercept - before.covariance**2
    paa, pbb, pab = before.var_intercept / det, before.var_slope / det, -before.covariance / det
    slope, intercept = (before.slope, before.intercept) if free_slope else (0.0, before.intercept)
    for _ in range(_NEWTON_STEPS):
        da, db = slope - before.slope, intercept - before.intercept
        ga, gb = paa * da + pab * db, pab * da + pbb * db
        haa, hbb, hab = paa, pbb, pab
        for z, right in outcomes:
            p = sigmoid(slope * z + intercept)
            weight = p * (1 - p)
            ga += (p - right) * z
            gb += p - right
            haa += weight * z * z
            hbb += weight
            hab += weight * z
        if free_slope:
            det = haa * hbb - hab * hab
            step_a, step_b = (hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det
        else:
            step_a, step_b = 0.0, gb / hbb
        largest = max(abs(step_a), abs(step_b))
        damp = min(1.0, 2.0 / largest) if largest > 0 else 1.0
        slope, intercept = slope - damp * step_a, intercept - damp * step_b
        if largest < 1e-9:
            break
    if not free_slope:
        return Posterior(0.0, intercept, 0.0, 1 / hbb, 0.0, len(outcomes))
    det = haa * hbb - hab * hab
    return Posterior(slope, intercept, hbb / det, haa / det, -hab / det, len(outcomes))
