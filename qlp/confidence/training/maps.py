"""Fits the calibration maps of calibration.py on held-out scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qlp.confidence.calibration import Beta, Isotonic, Platt, VennAbers
from qlp.confidence.measure.metrics import Floats, Ints

_GRID = 40
"""Scores at which Venn-Abers' two fits are kept."""
_POINTS = 400
"""Most points of an isotonic map that are kept."""

Map = Platt | Beta | Isotonic | VennAbers
Fit = Callable[[Floats, Ints, Floats], Map]


def fit_platt(scores: Floats, y: Ints, weights: Floats) -> Platt:
    (slope,), intercept = _logistic(scores[:, None], y, weights)
    return Platt(slope=max(slope, 0.0), intercept=intercept)


def fit_beta(scores: Floats, y: Ints, weights: Floats) -> Beta:
    """A negative exponent would break the order: that part is left out and the other fitted again."""
    p = np.clip(1 / (1 + np.exp(-scores)), 1e-12, 1 - 1e-12)
    parts = np.column_stack([np.log(p), -np.log(1 - p)])
    (a, b), c = _logistic(parts, y, weights)
    if a < 0 or b < 0:
        kept = 1 if a < 0 else 0
        (one,), c = _logistic(parts[:, [kept]], y, weights)
        a, b = (0.0, max(one, 0.0)) if kept else (max(one, 0.0), 0.0)
    return Beta(a=a, b=b, c=c)


def fit_isotonic(scores: Floats, y: Ints, weights: Floats) -> Isotonic:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(out_of_bounds="clip", y_min=0.0, y_max=1.0).fit(scores, y, sample_weight=weights)
    x, p = _ascending(np.asarray(fitted.X_thresholds_), np.asarray(fitted.y_thresholds_))
    if len(x) > _POINTS:
        kept = np.unique(np.linspace(0, len(x) - 1, _POINTS).astype(int))
        x, p = x[kept], p[kept]
    return Isotonic(scores=tuple(map(float, x)), probabilities=tuple(map(float, p)))


def fit_venn_abers(scores: Floats, y: Ints, weights: Floats) -> VennAbers:
    from sklearn.isotonic import IsotonicRegression

    grid = np.unique(np.quantile(scores, np.linspace(0, 1, _GRID)))
    ends: list[list[float]] = [[], []]
    one = float(weights.mean())
    for label in (0, 1):
        for score in grid:
            fitted = IsotonicRegression(out_of_bounds="clip").fit(
                np.append(scores, score), np.append(y, label), sample_weight=np.append(weights, one)
            )
            ends[label].append(float(fitted.predict([score])[0]))
    lower, upper = (np.maximum.accumulate(np.array(e)) for e in ends)
    return VennAbers(
        scores=tuple(map(float, grid)),
        lower=tuple(map(float, lower)),
        upper=tuple(map(float, np.maximum(upper, lower))),
    )


FITS: dict[str, Fit] = {
    "platt": fit_platt,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
    "venn_abers": fit_venn_abers,
}


def _logistic(x: Floats, y: Ints, weights: Floats) -> tuple[list[float], float]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e3, max_iter=2000).fit(x, y, sample_weight=weights)
    return [float(v) for v in fitted.coef_[0]], float(fitted.intercept_[0])


def _ascending(x: Floats, p: Floats) -> tuple[Floats, Floats]:
    first = np.r_[True, np.diff(x) > 0]
    return x[first], p[first]
