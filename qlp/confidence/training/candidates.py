"""What is compared: models, how rows are weighed, and whether known features are hidden while training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from qlp.confidence.ensemble import Boosted, Linear
from qlp.confidence.features import BY_NAME
from qlp.confidence.measure.metrics import Floats
from qlp.confidence.training.boosted import Shape, fit_boosted
from qlp.confidence.training.linear import fit_linear
from qlp.confidence.training.table import Table


class Fitted(Protocol):
    def scores(self, x: Floats) -> Floats:
        """Raw log-odds by row."""

    def export(self) -> Linear | Boosted: ...


@dataclass(frozen=True)
class Candidate:
    name: str
    shape: Shape | None = None
    """None: logistic regression."""
    c: float = 1.0
    hidden: float = 0.5
    """Chance that a group of features is hidden in the second copy of each row; 0 makes no copy. Without it the model
    learns which collection a row comes from by what that collection cannot measure."""
    balance: float = 0.5
    """A collection of n rows counts n ** balance: 1 counts rows alike, 0 collections."""

    def fit(self, table: Table, seed: int) -> Fitted:
        x, y, weights = table.x, table.y, set_weights(table, self.balance)
        if self.hidden:
            x = np.vstack([x, hide(x, table.features, self.hidden, seed)])
            y, weights = np.concatenate([y, y]), np.concatenate([weights, weights]) / 2
        if self.shape is None:
            return fit_linear(x, y, weights, table.features, c=self.c)
        return fit_boosted(x, y, weights, table.features, shape=self.shape, seed=seed)


CANDIDATES: tuple[Candidate, ...] = (
    Candidate("logistic"),
    Candidate("additive trees", Shape(depth=1, rounds=250)),
    Candidate("trees of depth 2", Shape(depth=2, rounds=150)),
    Candidate("trees of depth 3", Shape(depth=3, rounds=120)),
    Candidate("trees of depth 3, nothing hidden", Shape(depth=3, rounds=120), hidden=0.0),
)


_ALWAYS = ("loads",)
"""Groups that are measured wherever anything of a function is."""


def set_weights(table: Table, balance: float) -> Floats:
    """Mean 1."""
    counts = np.maximum(np.bincount(table.sets), 1)
    weights = (counts.astype(np.float64) ** (balance - 1))[table.sets]
    return np.asarray(weights / weights.mean())


def hide(x: Floats, features: tuple[str, ...], chance: float, seed: int) -> Floats:
    """A copy in which each group of features is missing, row by row, with this chance."""
    groups = sorted({BY_NAME[f].group for f in features})
    groups = [g for g in groups if g not in _ALWAYS]
    drawn = np.random.default_rng(seed).random((len(x), len(groups))) < chance
    copy = x.copy()
    for column, feature in enumerate(features):
        if (group := BY_NAME[feature].group) in groups:
            copy[drawn[:, groups.index(group)], column] = np.nan
    return copy
