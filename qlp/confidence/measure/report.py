"""What is said about a model's probabilities: one section per collection, and per generator within it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qlp.confidence.features import BY_NAME
from qlp.confidence.measure.metrics import (
    COVERAGES,
    Floats,
    Ints,
    auroc,
    bootstrap_ece,
    brier,
    brier_skill,
    ece,
    members_of,
    risk_coverage,
    within,
)
from qlp.confidence.training.table import Table
from qlp.models._base import Frozen

ALL = "all"
_ROUNDS = 200
_CURVES = 100
_LEAST = 30
"""A generator with fewer rows in a collection gets no section of its own."""


class Section(Frozen):
    """Measures of one part of the rows; None where they are not defined (all right, all wrong, one solution a task)."""

    set: str
    generator: str
    rows: int
    tasks: int
    right: float
    """Share of right ones: the base rate."""
    auroc: float | None
    within_task: float | None
    within_model: float | None
    brier: float
    skill: float | None
    ece: float
    ece_low: float
    ece_high: float
    """90 % interval, bootstrap over tasks."""
    aurc: float
    risk: dict[str, float]
    """Share of wrong ones among the most confident, by share that is accepted."""


class Single(Frozen):
    """One feature alone as the score, where it was measured, beside the model on the same rows."""

    set: str
    feature: str
    rows: int
    auroc: float | None
    aurc: float
    model_aurc: float
    worst: float
    """Largest excess of the model's risk over the feature's, at any coverage of the table."""
    beaten: tuple[str, ...] = ()
    """Coverages at which the feature's risk is lower by more than chance: in 95 % of bootstraps over tasks."""

    @property
    def dominated(self) -> bool:
        return not self.beaten


class Twins(Frozen):
    """Buggy programs beside their fixed twins."""

    set: str
    pairs: int
    below: float
    """Share of pairs in which the buggy one scores lower."""
    ties: float


class Goal(Frozen):
    name: str
    goal: str
    measured: float | None
    met: bool | None
    """None where the rows to measure it on are missing."""


def sections(table: Table, p: Floats, *, by_generator: bool = True, seed: int = 0) -> list[Section]:
    """Rows whose probability is NaN are left out. Collections in order of their names, `all` last if there are more."""
    there = ~np.isnan(p)
    table, p = table.take(there), p[there]
    made = []
    for name, members in _named(table):
        part, q = table.take(members), p[members]
        made.append(_section(part, q, name, ALL, seed))
        if by_generator:
            for generator, rows in _by_generator(part):
                if len(rows) >= _LEAST and len(rows) < len(part):
                    made.append(_section(part.take(rows), q[rows], name, generator, seed))
    if len({r.set for r in table.rows}) > 1:
        made.append(_section(table, p, ALL, ALL, seed))
    return made


def _section(table: Table, p: Floats, name: str, generator: str, seed: int) -> Section:
    y = table.y
    low, high = bootstrap_ece(p, y, table.tasks, rounds=_ROUNDS, seed=seed)
    curve = risk_coverage(p, y)
    return Section(
        set=name,
        generator=generator,
        rows=len(table),
        tasks=len(np.unique(table.tasks)),
        right=round(float(y.mean()), 4),
        auroc=_rounded(auroc(p, y)),
        within_task=_rounded(within(p, y, table.tasks)),
        within_model=_rounded(within(p, y, table.generators)),
        brier=round(brier(p, y), 4),
        skill=_rounded(brier_skill(p, y)),
        ece=round(ece(p, y), 4),
        ece_low=round(low, 4),
        ece_high=round(high, 4),
        aurc=round(curve.area, 4),
        risk={f"{c:g}": round(curve.at(c), 4) for c in COVERAGES},
    )


def singles(table: Table, p: Floats) -> list[Single]:
    """Every feature alone against the model, in each collection."""
    there = ~np.isnan(p)
    table, p = table.take(there), p[there]
    made = []
    for name, members in _named(table):
        part, q = table.take(members), p[members]
        for column, feature in enumerate(part.features):
            given = ~np.isnan(part.x[:, column])
            values = part.x[given, column] * (BY_NAME[feature].monotone or 1)
            y = part.y[given]
            if given.sum() < _LEAST or len(np.unique(values)) < 2 or len(np.unique(y)) < 2:
                continue
            if not BY_NAME[feature].monotone and (auroc(values, y) or 0.5) < 0.5:
                values = -values
            alone, model = risk_coverage(values, y), risk_coverage(q[given], y)
            worst = max(model.at(c) - alone.at(c) for c in COVERAGES)
            beaten = _beaten(q[given], values, y, part.tasks[given]) if worst > 0 else ()
            made.append(
                Single(
                    set=name,
                    feature=feature,
                    rows=int(given.sum()),
                    auroc=_rounded(auroc(values, y)),
                    aurc=round(alone.area, 4),
                    model_aurc=round(model.area, 4),
                    worst=round(worst, 4),
                    beaten=beaten,
                )
            )
    return made


def _beaten(p: Floats, alone: Floats, y: Ints, tasks: Ints) -> tuple[str, ...]:
    by_task = list(members_of(tasks))
    chance = np.random.default_rng(0)
    excess = np.empty((_CURVES, len(COVERAGES)))
    for i in range(_CURVES):
        drawn = np.concatenate([by_task[t] for t in chance.integers(0, len(by_task), len(by_task))])
        mine, other = risk_coverage(p[drawn], y[drawn]), risk_coverage(alone[drawn], y[drawn])
        excess[i] = [mine.at(c) - other.at(c) for c in COVERAGES]
    low = np.percentile(excess, 5, axis=0)
    return tuple(f"{c:g}" for c, v in zip(COVERAGES, low, strict=True) if v > 1e-9)


def twins(table: Table, p: Floats, prefix: str = "humanevalpack") -> list[Twins]:
    """Pairs of the same collection, task and language, one right and one wrong, in collections of this name."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    for row, q in zip(table.rows, p, strict=True):
        if row.set.startswith(prefix) and not np.isnan(q):
            found.setdefault(row.set, {}).setdefault(f"{row.language}|{row.task}", {})[row.label] = float(q)
    made = []
    for name, by_task in sorted(found.items()):
        pairs = [(v[0], v[1]) for v in by_task.values() if len(v) == 2]
        if pairs:
            below = sum(wrong < right for wrong, right in pairs) / len(pairs)
            ties = sum(wrong == right for wrong, right in pairs) / len(pairs)
            made.append(Twins(set=name, pairs=len(pairs), below=round(below, 4), ties=round(ties, 4)))
    return made


def _named(table: Table) -> Iterator[tuple[str, NDArray[np.intp]]]:
    names = np.array([r.set for r in table.rows])
    for name in sorted(set(names.tolist())):
        yield name, np.flatnonzero(names == name)


def _by_generator(table: Table) -> Iterator[tuple[str, NDArray[np.intp]]]:
    names = np.array([r.generator for r in table.rows])
    for name in sorted(set(names.tolist())):
        yield name, np.flatnonzero(names == name)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
