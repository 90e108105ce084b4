"""Rows scored by a finished model, and what is said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qlp.confidence.features import Kind
from qlp.confidence.measure.metrics import Floats
from qlp.confidence.measure.report import Section, Single, Twins, sections, singles, twins
from qlp.confidence.model import Loaded, part_of
from qlp.confidence.row import Row
from qlp.confidence.score import common_logit
from qlp.confidence.training.protocols import with_labels, without_labels
from qlp.confidence.training.table import Table, table_of
from qlp.models._base import Frozen


class RowsReport(Frozen):
    model: str
    digest: str
    trained_on: tuple[str, ...]
    """Collections among these that the model was trained on: their numbers flatter."""
    before: tuple[Section, ...]
    """While no outcome of a generator is known."""
    after: tuple[Section, ...]
    """Once 100 outcomes of each generator are known; the rows that were told are left out."""
    singles: tuple[Single, ...]
    twins: tuple[Twins, ...]
    effects: dict[str, float]
    """Mean absolute change of the log-odds by feature."""


@dataclass(frozen=True)
class ScoredRows:
    report: RowsReport
    table: Table
    before: Floats
    after: Floats


def score_rows(rows: Sequence[Row], loaded: Loaded, *, seed: int = 0) -> ScoredRows:
    table = table_of(rows)
    common, totals = np.empty(len(rows)), dict[str, float]()
    for i, row in enumerate(rows):
        part = part_of(loaded.model, row.kind)
        common[i] = common_logit(part, row.features)
        for name, effect in part.ensemble.contributions(row.features).items():
            totals[name] = totals.get(name, 0.0) + abs(effect) / len(rows)
    before, after = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    kinds: set[Kind] = {r.kind for r in rows}
    for kind in sorted(kinds):
        mine = np.array([r.kind == kind for r in rows])
        spread = part_of(loaded.model, kind).spread
        before[mine] = without_labels(common[mine], spread)
        after[mine] = with_labels(common[mine], table.take(mine), spread, seed)
    known = loaded.model.recipe.get("sets")
    report = RowsReport(
        model=loaded.model.label,
        digest=loaded.digest,
        trained_on=tuple(sorted({r.set for r in rows} & set(known if isinstance(known, dict) else ()))),
        before=tuple(sections(table, before, seed=seed)),
        after=tuple(sections(table, after, seed=seed)),
        singles=tuple(singles(table, before)),
        twins=tuple(twins(table, before)),
        effects={k: round(v, 4) for k, v in sorted(totals.items(), key=lambda x: -x[1]) if not k.startswith("(")},
    )
    return ScoredRows(report, table, before, after)
