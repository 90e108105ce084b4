"""The ways in which held-out probabilities are made; each says what the model had not seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from qlp.confidence.generators import Spread
from qlp.confidence.measure.metrics import Floats
from qlp.confidence.training.candidates import Candidate
from qlp.confidence.training.evaluate import HeldOut, after_labels, crossed_splits, held_out, with_outcomes
from qlp.confidence.training.folds import Mask, assigned, by_task
from qlp.confidence.training.table import Table

LABELS = 100


@dataclass(frozen=True)
class Protocol:
    name: str
    meaning: str
    splits: list[tuple[Mask, Mask]]


def protocols(table: Table, k: int, seed: int) -> tuple[Protocol, ...]:
    made = [
        Protocol("task", "new tasks", list(by_task(table, k, seed))),
        Protocol("task_generator", "new tasks of new generators", crossed_splits(table, k, seed)),
    ]
    if splits := set_splits(table, k, seed):
        made.append(Protocol("set", "a new collection, and new tasks", splits))
    return tuple(made)


def set_splits(table: Table, k: int, seed: int) -> list[tuple[Mask, Mask]]:
    """Every collection is tested by models that knew neither it nor the tested tasks; empty if there is only one."""
    return list(_left_out(table, k, seed)) if len(np.unique(table.sets)) > 1 else []


def _left_out(table: Table, k: int, seed: int) -> Iterable[tuple[Mask, Mask]]:
    folds = assigned(table.tasks, k, seed)
    for s in np.unique(table.sets):
        for i in range(k):
            test, train = (table.sets == s) & (folds == i), (table.sets != s) & (folds != i)
            if test.any() and len(np.unique(table.y[train])) == 2:
                yield train, test


def predict(table: Table, candidate: Candidate, map_name: str, protocol: Protocol, seed: int) -> HeldOut:
    return held_out(table, candidate, protocol.splits, (map_name,), seed)


def without_labels(common: Floats, spread: Spread) -> Floats:
    """What a generator without outcomes gets."""
    p = np.full(len(common), np.nan)
    there = ~np.isnan(common)
    p[there] = with_outcomes(common[there], common[:0], [], spread)
    return p


def with_labels(common: Floats, table: Table, spread: Spread, seed: int) -> Floats:
    """What rows get once LABELS outcomes of their generator are known; the rows that were told stay NaN."""
    p = np.full(len(common), np.nan)
    there = np.flatnonzero(~np.isnan(common))
    part = table.take(there)
    for mask, q in after_labels(common[there], part, spread, LABELS, seed):
        p[there[mask]] = q
    return p
