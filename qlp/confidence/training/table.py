"""Rows as arrays, and what may not be told apart when they are split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qlp.confidence.features import BY_NAME
from qlp.confidence.measure.metrics import Floats, Ints, ids
from qlp.confidence.row import Row

_TRANSLATED = re.compile(r"^(?:HumanEval|Python|Go|JavaScript|JS|Java|Rust|CPP)/(\d+)$")


@dataclass(frozen=True)
class Table:
    """`x` has one row a solution and one column a feature, NaN where it is missing."""

    features: tuple[str, ...]
    x: Floats
    y: Ints
    tasks: Ints
    """The same number for one task in all its languages and collections."""
    generators: Ints
    sets: Ints
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.y)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Table:
        index = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        return Table(
            features=self.features,
            x=self.x[index],
            y=self.y[index],
            tasks=self.tasks[index],
            generators=self.generators[index],
            sets=self.sets[index],
            rows=tuple(self.rows[i] for i in index),
        )

    def only(self, names: Sequence[str]) -> Table:
        columns = [self.features.index(n) for n in names]
        return Table(tuple(names), self.x[:, columns], self.y, self.tasks, self.generators, self.sets, self.rows)


def task_of(row: Row) -> str:
    """HumanEval/7, Python/7 and Go/7 are one task: a model that saw one knows something of the other."""
    translated = _TRANSLATED.match(row.task)
    return f"HumanEval/{translated[1]}" if translated else f"{row.set}:{row.task}"


def table_of(rows: Sequence[Row], features: Sequence[str] | None = None) -> Table:
    """By default with every feature that at least one row has, in the registry's order."""
    names = tuple(features or (n for n in BY_NAME if any(r.features.get(n) is not None for r in rows)))
    values = [[_nan(r.features.get(n)) for n in names] for r in rows]
    return Table(
        features=names,
        x=np.array(values, dtype=np.float64).reshape(len(rows), len(names)),
        y=np.array([r.label for r in rows], dtype=np.int64),
        tasks=ids([task_of(r) for r in rows]),
        generators=ids([r.generator for r in rows]),
        sets=ids([r.set for r in rows]),
        rows=tuple(rows),
    )


def _nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)
