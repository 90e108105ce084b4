"""Logistic regression with missing indicators: the plain contender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qlp.confidence.ensemble import Linear
from qlp.confidence.measure.metrics import Floats, Ints


@dataclass(frozen=True)
class FittedLinear:
    estimator: Any
    features: tuple[str, ...]
    means: Floats
    scales: Floats

    def scores(self, x: Floats) -> Floats:
        return np.asarray(self.estimator.decision_function(_design(x, self.means, self.scales)), dtype=np.float64)

    def export(self, counts: Floats | None = None) -> Linear:
        d = len(self.features)
        weights = self.estimator.coef_[0]
        return Linear(
            features=self.features,
            intercept=float(self.estimator.intercept_[0]),
            weights=tuple(map(float, weights[:d])),
            missing=tuple(map(float, weights[d:])),
            means=tuple(map(float, self.means)),
            scales=tuple(map(float, self.scales)),
        )


def fit_linear(x: Floats, y: Ints, weights: Floats, features: tuple[str, ...], *, c: float) -> FittedLinear:
    """`c` is the inverse strength of the quadratic penalty."""
    from sklearn.linear_model import LogisticRegression

    given = ~np.isnan(x)
    counts = np.maximum(given.sum(axis=0), 1)
    means = np.where(given, x, 0.0).sum(axis=0) / counts
    scales = np.sqrt((np.where(given, x - means, 0.0) ** 2).sum(axis=0) / counts)
    scales = np.where(scales > 1e-9, scales, 1.0)
    estimator = LogisticRegression(C=c, solver="newton-cholesky", max_iter=200)
    estimator.fit(_design(x, means, scales), y, sample_weight=weights)
    return FittedLinear(estimator, features, means, scales)


def _design(x: Floats, means: Floats, scales: Floats) -> Floats:
    missing = np.isnan(x)
    return np.hstack([np.where(missing, 0.0, (x - means) / scales), missing.astype(np.float64)])
