"""Makes a model from labelled rows: compares candidates on held-out data, fits the best, keeps what was seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import get_args

import numpy as np

from qlp.confidence.features import BY_NAME, Kind
from qlp.confidence.generators import Spread
from qlp.confidence.measure.metrics import Floats, Ints, brier_skill, log_loss, members_of, within
from qlp.confidence.model import ConfidenceModel, Part
from qlp.confidence.risk import CalibrationScores
from qlp.confidence.row import Row
from qlp.confidence.training.candidates import CANDIDATES, Candidate, set_weights
from qlp.confidence.training.evaluate import HeldOut, crossed_splits, held_out, measure_spread
from qlp.confidence.training.maps import FITS
from qlp.confidence.training.protocols import LABELS, set_splits, with_labels, without_labels
from qlp.confidence.training.table import Table, table_of
from qlp.errors import InputError
from qlp.models._base import Frozen

LEAST_ROWS = 200
"""Fewer rows of one kind than this make no model of it."""
LEAST_TASKS = 12
LEAST_EACH = 20
"""Right ones, and wrong ones, that there have to be."""
_KEPT_OF_A_TASK = 8
"""Held-out scores of one task that are stored for thresholds, at random: what counts is how many tasks there are."""

Say = Callable[[str], None]


class Recipe(Frozen):
    """What has to be the same to make the same model again."""

    folds: int = 4
    seed: int = 0
    calibrated_after: int = LABELS
    delta: float = 0.1
    """Chance that the promise about accepted results fails."""
    candidates: tuple[str, ...] = tuple(c.name for c in CANDIDATES)
    maps: tuple[str, ...] = tuple(FITS)


class Compared(Frozen):
    """Held out by task and by generator; means over collections, so that none counts by its size."""

    candidate: str
    map: str
    log_loss: float
    log_loss_labelled: float
    """After 100 outcomes of the generator."""
    skill: float | None
    skill_labelled: float | None
    within_task: float | None
    chosen: bool = False


class TrainedPart(Frozen):
    part: Part
    candidate: str
    map: str
    compared: tuple[Compared, ...]


def train(
    rows: Sequence[Row], *, name: str, version: str, on: date, recipe: Recipe = Recipe(), say: Say = lambda _: None
) -> tuple[ConfidenceModel, dict[Kind, TrainedPart]]:
    """Raises InputError when there are too few rows of every kind. Deterministic."""
    parts: dict[Kind, TrainedPart] = {}
    refused = []
    kinds: tuple[Kind, ...] = get_args(Kind)
    for kind in kinds:
        chosen = [r for r in rows if r.kind == kind]
        if (why := too_few(chosen)) is not None:
            refused.append(f"{kind}: {why}")
            continue
        say(f"{kind}: {len(chosen)} rows")
        parts[kind] = train_part(table_of(chosen), recipe, say)
    if not parts:
        raise InputError(
            f"too few outcomes to train on ({'; '.join(refused)}): tell more by `qlp confidence outcome RUN --correct` "
            "or --wrong, or add labelled rows with --rows"
        )
    model = ConfidenceModel(
        name=name,
        version=version,
        trained_on=on.isoformat(),
        calibrated_after=recipe.calibrated_after,
        parts={kind: t.part for kind, t in parts.items()},
        recipe={
            **recipe.model_dump(mode="json"),
            "rows": digest_of(rows),
            "sets": _counts(rows),
            "chosen": {kind: {"candidate": t.candidate, "map": t.map} for kind, t in parts.items()},
        },
    )
    return model, parts


def too_few(rows: Sequence[Row]) -> str | None:
    """Why these rows of one kind make no model."""
    right, tasks = sum(r.label for r in rows), len({(r.set, r.task) for r in rows})
    if len(rows) < LEAST_ROWS or tasks < LEAST_TASKS:
        return f"{len(rows)} rows of {tasks} tasks, at least {LEAST_ROWS} of {LEAST_TASKS} are needed"
    if min(right, len(rows) - right) < LEAST_EACH:
        return f"{right} right and {len(rows) - right} wrong, at least {LEAST_EACH} of each are needed"
    return None


def train_part(table: Table, recipe: Recipe, say: Say) -> TrainedPart:
    table = without_static(table)
    splits = crossed_splits(table, recipe.folds, recipe.seed)
    tried: list[tuple[Compared, Candidate, HeldOut]] = []
    for candidate in CANDIDATES:
        if candidate.name not in recipe.candidates:
            continue
        seen = held_out(table, candidate, splits, recipe.maps, recipe.seed)
        for map_name in recipe.maps:
            compared = _compare(table, candidate.name, map_name, seen.common[map_name], recipe.seed)
            say(f"  {candidate.name}, {map_name}: log loss {compared.log_loss:.4f}, {compared.log_loss_labelled:.4f}")
            tried.append((compared, candidate, seen))
    best = min(range(len(tried)), key=lambda i: tried[i][0].log_loss + tried[i][0].log_loss_labelled)
    chosen, candidate, seen = tried[best]
    tested = ~np.isnan(seen.raw)
    weights = set_weights(table, candidate.balance)
    common = seen.common[chosen.map]
    spread = _spread(table, candidate, chosen.map, common, recipe)
    part = Part(
        ensemble=candidate.fit(table, recipe.seed).export(),
        calibration=FITS[chosen.map](seen.raw[tested], table.y[tested], weights[tested]),
        spread=spread,
        scores=_scores(table, with_labels(common, table, spread, recipe.seed), recipe),
    )
    every = tuple(t[0].model_copy(update={"chosen": i == best}) for i, t in enumerate(tried))
    return TrainedPart(part=part, candidate=candidate.name, map=chosen.map, compared=every)


def without_static(table: Table) -> Table:
    """What is read from the text alone does not carry over to other collections, so no model gets to see it; what it
    would have added is in the report."""
    return table.only([f for f in table.features if BY_NAME[f].group != "static"])


def _spread(table: Table, candidate: Candidate, map_name: str, common: Floats, recipe: Recipe) -> Spread:
    """Over collections that the model did not know, where there are several."""
    splits = set_splits(table, recipe.folds, recipe.seed)
    unknown = held_out(table, candidate, splits, (map_name,), recipe.seed).common[map_name] if splits else common
    return measure_spread(unknown, table, recipe.seed)


def _compare(table: Table, candidate: str, map_name: str, common: Floats, seed: int) -> Compared:
    spread = measure_spread(common, table, seed)
    before, after = without_labels(common, spread), with_labels(common, table, spread, seed)
    return Compared(
        candidate=candidate,
        map=map_name,
        log_loss=_over_sets(table, before, log_loss) or 0.0,
        log_loss_labelled=_over_sets(table, after, log_loss) or 0.0,
        skill=_over_sets(table, before, brier_skill),
        skill_labelled=_over_sets(table, after, brier_skill),
        within_task=_within_over_sets(table, before),
    )


def _over_sets(table: Table, p: Floats, measure: Callable[[Floats, Ints], float | None]) -> float | None:
    found = []
    for members in members_of(table.sets):
        there = members[~np.isnan(p[members])]
        if len(there) and (value := measure(p[there], table.y[there])) is not None:
            found.append(value)
    return round(float(np.mean(found)), 4) if found else None


def _within_over_sets(table: Table, p: Floats) -> float | None:
    found = []
    for members in members_of(table.sets):
        there = members[~np.isnan(p[members])]
        if len(there) and (value := within(p[there], table.y[there], table.tasks[there])) is not None:
            found.append(value)
    return round(float(np.mean(found)), 4) if found else None


def _scores(table: Table, p: Floats, recipe: Recipe) -> CalibrationScores:
    chance = np.random.default_rng(recipe.seed)
    tested = np.flatnonzero(~np.isnan(p))
    drawn = [tested[chance.permutation(members)[:_KEPT_OF_A_TASK]] for members in members_of(table.tasks[tested])]
    there = np.sort(np.concatenate(drawn)) if drawn else tested
    return CalibrationScores(
        delta=recipe.delta,
        score=tuple(round(float(v), 5) for v in p[there]),
        right=tuple(int(v) for v in table.y[there]),
        task=tuple(int(v) for v in table.tasks[there]),
    )


def digest_of(rows: Sequence[Row]) -> str:
    """sha256 over the rows as they are read, whatever their order in files."""
    lines = sorted(json.dumps(r.model_dump(mode="json"), sort_keys=True) for r in rows)
    return f"sha256:{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"


def _counts(rows: Sequence[Row]) -> dict[str, dict[str, object]]:
    made: dict[str, dict[str, object]] = {}
    for name in sorted({r.set for r in rows}):
        members = [r for r in rows if r.set == name]
        made[name] = {
            "rows": len(members),
            "tasks": len({r.task for r in members}),
            "generators": len({r.generator for r in members}),
            "languages": sorted({r.language for r in members}),
            "right": round(sum(r.label for r in members) / len(members), 4),
        }
    return made
