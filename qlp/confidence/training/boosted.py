"""Gradient boosting with monotone constraints (scikit-learn's histogram trees), and its trees written out as data."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qlp.confidence.ensemble import Boosted, Tree
from qlp.confidence.features import BY_NAME
from qlp.confidence.measure.metrics import Floats, Ints


@dataclass(frozen=True)
class Shape:
    """Size of the trees. `depth` 1 makes the model additive: every feature's effect is then its own curve."""

    depth: int
    rounds: int
    rate: float = 0.08
    least: int = 40
    """Training rows in a leaf."""


@dataclass(frozen=True)
class FittedTrees:
    estimator: Any
    features: tuple[str, ...]
    columns: NDArray[np.intp]
    """Where the features stand in a table; those that no training row had are left out."""

    def scores(self, x: Floats) -> Floats:
        return np.asarray(self.estimator.decision_function(x[:, self.columns]), dtype=np.float64)

    def export(self) -> Boosted:
        """The baseline is the training rows' log-odds; inner values are the weighted means of what lies below."""
        model = self.estimator
        trees = tuple(_tree(predictor[0].nodes) for predictor in model._predictors)
        return Boosted(features=self.features, baseline=float(np.ravel(model._baseline_prediction)[0]), trees=trees)


def fit_boosted(
    x: Floats, y: Ints, weights: Floats, features: tuple[str, ...], *, shape: Shape, seed: int
) -> FittedTrees:
    from sklearn.ensemble import HistGradientBoostingClassifier

    columns = np.flatnonzero(~np.isnan(x).all(axis=0))
    features = tuple(features[i] for i in columns)

    estimator = HistGradientBoostingClassifier(
        learning_rate=shape.rate,
        max_iter=shape.rounds,
        max_depth=shape.depth,
        min_samples_leaf=shape.least,
        l2_regularization=1.0,
        monotonic_cst=[BY_NAME[f].monotone for f in features],
        early_stopping=False,
        random_state=seed,
    )
    estimator.fit(x[:, columns], y, sample_weight=weights)
    return FittedTrees(estimator, features, columns)


def _finite(threshold: float) -> float:
    """A split into missing and given has no threshold: every given value is below the largest number, and JSON has no
    infinity."""
    return min(float(threshold), sys.float_info.max)


def _tree(nodes: Any) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    value = nodes["value"].astype(float).copy()
    for i in range(len(nodes) - 1, -1, -1):  # children stand behind their parent
        if not leaf[i]:
            left, right = int(nodes["left"][i]), int(nodes["right"][i])
            count = nodes["count"]
            value[i] = (value[left] * count[left] + value[right] * count[right]) / (count[left] + count[right])
    return Tree(
        feature=tuple(-1 if leaf[i] else int(nodes["feature_idx"][i]) for i in range(len(nodes))),
        threshold=tuple(0.0 if leaf[i] else _finite(nodes["num_threshold"][i]) for i in range(len(nodes))),
        missing_left=tuple(bool(v) for v in nodes["missing_go_to_left"]),
        left=tuple(int(v) for v in nodes["left"]),
        right=tuple(int(v) for v in nodes["right"]),
        value=tuple(float(v) for v in value),
    )
