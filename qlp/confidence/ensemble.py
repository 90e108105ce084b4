"""Raw scores in plain Python: a linear model or boosted trees, as data, with what each feature adds.

No numpy at run time. The trees are scikit-learn's histogram gradient boosting, written out as arrays; a test holds the
scores to scikit-learn's own. Contributions add up to the score exactly: weights times values for the linear model, and
for trees the change of a node's mean along the path (Saabas 2014), which for trees of one split is the exact share.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from qlp.confidence.features import FeatureValues
from qlp.models._base import Frozen

BASE = "(base rate)"
"""Name of the part of a score that no feature moved."""


class Linear(Frozen):
    """intercept + sum of weight * (value - mean) / scale, or of `missing` where the value is missing."""

    kind: Literal["linear"] = "linear"
    features: tuple[str, ...]
    intercept: float
    weights: tuple[float, ...]
    missing: tuple[float, ...]
    """What a missing value adds, by feature."""
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def contributions(self, values: FeatureValues) -> dict[str, float]:
        effects = {BASE: self.intercept}
        for i, name in enumerate(self.features):
            value = values.get(name)
            given = value is not None
            effects[name] = self.weights[i] * (value - self.means[i]) / self.scales[i] if given else self.missing[i]  # type: ignore[operator]
        return effects


class Tree(Frozen):
    """Arrays by node, root first. A leaf has feature -1. Values <= threshold go left, missing ones where `missing_left`
    says; `value` is the mean of the leaves below, weighted by training rows."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    missing_left: tuple[bool, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]


class Boosted(Frozen):
    """baseline + the sum of one leaf of every tree, in log-odds."""

    kind: Literal["boosted"] = "boosted"
    features: tuple[str, ...]
    baseline: float
    trees: tuple[Tree, ...]

    def contributions(self, values: FeatureValues) -> dict[str, float]:
        inputs = tuple(values.get(name) for name in self.features)
        effects = {BASE: self.baseline} | dict.fromkeys(self.features, 0.0)
        for tree in self.trees:
            node = 0
            effects[BASE] += tree.value[0]
            while (feature := tree.feature[node]) >= 0:
                value = inputs[feature]
                left = tree.missing_left[node] if value is None else value <= tree.threshold[node]
                child = tree.left[node] if left else tree.right[node]
                effects[self.features[feature]] += tree.value[child] - tree.value[node]
                node = child
        return effects


Ensemble = Annotated[Linear | Boosted, Field(discriminator="kind")]


def raw_logit(contributions: dict[str, float]) -> float:
    return sum(contributions.values())
