"""Splits by task and by generator at once: what is tested shares neither with what is trained on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qlp.confidence.measure.metrics import Ints
from qlp.confidence.training.table import Table

Mask = NDArray[np.bool_]


def crossed(table: Table, k: int, seed: int) -> Iterator[tuple[Mask, Mask]]:
    """k * k (train, test) masks; every row is tested once, by a model that saw neither its task nor its generator."""
    tasks, generators = assigned(table.tasks, k, seed), assigned(table.generators, k, seed + 1)
    for i in range(k):
        for j in range(k):
            test = (tasks == i) & (generators == j)
            train = (tasks != i) & (generators != j)
            if test.any():
                yield train, test


def by_task(table: Table, k: int, seed: int) -> Iterator[tuple[Mask, Mask]]:
    """k masks; a tested row's task is new, its generator need not be."""
    tasks = assigned(table.tasks, k, seed)
    for i in range(k):
        yield tasks != i, tasks == i


def assigned(groups: Ints, k: int, seed: int) -> Ints:
    """Fold of every row: groups are dealt out, the largest first, always to the fold with the fewest rows."""
    names, counts = np.unique(groups, return_counts=True)
    chance = np.random.default_rng(seed)
    order = sorted(range(len(names)), key=lambda i: (-int(counts[i]), chance.random()))
    load = [0] * k
    fold = {}
    for i in order:
        emptiest = min(range(k), key=lambda f: load[f])
        fold[int(names[i])] = emptiest
        load[emptiest] += int(counts[i])
    return np.array([fold[int(g)] for g in groups], dtype=np.int64)
