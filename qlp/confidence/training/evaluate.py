"""Held-out probabilities of a candidate, nested: model and map are fitted without the tested tasks and generators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qlp.confidence.calibration import calibrated_logit
from qlp.confidence.generators import Spread, learn, prior
from qlp.confidence.measure.metrics import Floats, Ints, log_loss, members_of
from qlp.confidence.training.candidates import Candidate, set_weights
from qlp.confidence.training.folds import Mask, by_task, crossed
from qlp.confidence.training.maps import FITS, Map
from qlp.confidence.training.table import Table

Index = NDArray[np.intp]
Splits = Sequence[tuple[Mask, Mask]]

_INNER = 3
_MOST_GENERATORS = 5
"""Of one collection."""
_LEAST_TESTED = 50
"""Rows of a generator that have to be left to judge a prior on."""
SLOPES = (0.1, 0.25, 0.5, 1.0, 2.0)
INTERCEPTS = (0.2, 0.5, 1.0, 2.0)
BUDGETS = (0, 20, 100)
"""Outcomes of a new generator at which the strength of its prior is judged."""
CELL = 0.5
"""Share of the spread that is left to languages and kinds of one generator. Chosen, not measured: the data has
hardly a generator with two languages."""


@dataclass(frozen=True)
class HeldOut:
    """By row: raw score, and calibrated log-odds by each map; NaN where a row was in no test fold."""

    raw: Floats
    common: dict[str, Floats]


def held_out(table: Table, candidate: Candidate, splits: Splits, maps: Sequence[str], seed: int) -> HeldOut:
    raw = np.full(len(table), np.nan)
    common = {m: np.full(len(table), np.nan) for m in maps}
    for train_mask, test_mask in splits:
        train, test = table.take(train_mask), table.take(test_mask)
        inner, weights = inner_scores(train, candidate, seed)
        scores = candidate.fit(train, seed).scores(test.x)
        raw[test_mask] = scores
        for name in maps:
            fitted = FITS[name](inner, train.y, weights)
            common[name][test_mask] = apply(fitted, scores)
    return HeldOut(raw, common)


def inner_scores(train: Table, candidate: Candidate, seed: int) -> tuple[Floats, Floats]:
    """Scores of the training rows by models that did not see their task; and the weights to fit a map with."""
    inner = np.full(len(train), np.nan)
    for fit_mask, score_mask in by_task(train, _INNER, seed + 17):
        inner[score_mask] = candidate.fit(train.take(fit_mask), seed).scores(train.x[score_mask])
    return inner, set_weights(train, candidate.balance)


def apply(fitted: Map, scores: Floats) -> Floats:
    values, inverse = np.unique(scores, return_inverse=True)
    return np.array([calibrated_logit(fitted, float(s)) for s in values])[inverse]


def crossed_splits(table: Table, k: int, seed: int) -> list[tuple[Mask, Mask]]:
    return list(crossed(table, k, seed))


def measure_spread(common: Floats, table: Table, seed: int) -> Spread:
    """How strong the prior has to be: the spread whose predictions lose least on held-out generators, over several
    numbers of their outcomes, and with every collection counting alike. Rows whose score is NaN are left out, and
    generators with few rows, which show little. `common` should come from models that did not know the collection: a
    prior that was measured among generators of one kind trusts the common map too much on the next kind."""
    there = ~np.isnan(common)
    common, table = common[there], table.take(there)
    chance = np.random.default_rng(seed)
    names = np.unique([f"{s}|{g}" for s, g in zip(table.sets, table.generators, strict=True)], return_inverse=True)[1]
    drawn: dict[int, list[Index]] = {}
    for members in members_of(names.astype(np.int64)):
        if len(members) >= max(BUDGETS) + _LEAST_TESTED and _both(table, members):
            drawn.setdefault(int(table.sets[members[0]]), []).append(chance.permutation(members))
    if not drawn:
        return Spread(slope=SLOPES[-1], intercept=INTERCEPTS[-1], cell=CELL)
    chosen = [cells[:_MOST_GENERATORS] for cells in drawn.values()]
    best, least = (SLOPES[-1], INTERCEPTS[-1]), float("inf")
    for slope in SLOPES:
        for intercept in INTERCEPTS:
            spread = Spread(slope=slope, intercept=intercept, cell=CELL)
            losses = [[_loss(common, table, m, n, spread) for m in cells for n in BUDGETS] for cells in chosen]
            if (mean := float(np.mean([np.mean(x) for x in losses]))) < least:
                best, least = (slope, intercept), mean
    return Spread(slope=best[0], intercept=best[1], cell=CELL)


def _both(table: Table, members: Index) -> bool:
    return 0 < int(table.y[members].sum()) < len(members)


def _loss(common: Floats, table: Table, order: Index, budget: int, spread: Spread) -> float:
    known, rest = order[:budget], order[max(BUDGETS) :][:200]
    p = with_outcomes(common[rest], common[known], table.y[known].tolist(), spread)
    return log_loss(p, table.y[rest])


def with_outcomes(z: Floats, known_z: Floats, known_y: Sequence[int], spread: Spread) -> Floats:
    """Probabilities of `z` after a generator's outcomes are known."""
    posterior = learn(spread, list(zip(known_z.tolist(), known_y, strict=True))) if len(known_z) else prior(spread)
    mean = posterior.slope * z + posterior.intercept
    variance = np.maximum(posterior.var_slope * z * z + 2 * posterior.covariance * z + posterior.var_intercept, 0.0)
    return np.asarray(1 / (1 + np.exp(-np.clip(mean / np.sqrt(1 + np.pi * variance / 8), -30, 30))))


def after_labels(common: Floats, table: Table, spread: Spread, budget: int, seed: int) -> Iterator[tuple[Mask, Floats]]:
    """Per generator and language: the rows that are left after `budget` outcomes were told (of generators with few rows
    half of them), with their probabilities.
    Outcomes come from tasks that are not among those rows, so nothing of a task is known beforehand."""
    chance = np.random.default_rng(seed)
    for members in members_of(cells_of(table)):
        tasks = chance.permutation(np.unique(table.tasks[members]))
        position = {int(t): i for i, t in enumerate(tasks)}
        order = members[np.argsort([position[int(t)] for t in table.tasks[members]], kind="stable")]
        told = min(budget, len(order) // 2)
        if told:
            last = table.tasks[order[told - 1]]
            is_known = np.array([position[int(t)] <= position[int(last)] for t in table.tasks[order]])
            known, rest = order[:told], order[~is_known]
        else:
            known, rest = order[:0], order
        if len(rest):
            mask = np.zeros(len(table), dtype=bool)
            mask[rest] = True
            p = with_outcomes(common[mask], common[known], table.y[known].tolist(), spread)
            yield mask, p


def cells_of(table: Table) -> Ints:
    names = [f"{r.generator}|{r.language}|{r.kind}" for r in table.rows]
    return np.unique(np.asarray(names), return_inverse=True)[1].astype(np.int64)
