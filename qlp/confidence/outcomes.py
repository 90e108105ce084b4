"""What became of scored results: every prediction is kept, and every outcome that is told later.

Outcomes calibrate the confidence per (tenant, generator, language, kind): one tenant's word never moves another's
probabilities. When the latest calibrated predictions do not hold any more (drift.py), a mark is set: outcomes before it
no longer count, so the generator falls back to the shrunk prior and is `uncalibrated for this model` again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

from qlp.confidence.drift import Drift, drift_of
from qlp.confidence.features import Kind
from qlp.confidence.model import Loaded, part_of
from qlp.confidence.row import Row
from qlp.confidence.score import Known, common_logit
from qlp.errors import InputError, NotFoundError
from qlp.models import LOCAL_TENANT
from qlp.models._base import Frozen
from qlp.store.engine import Database
from qlp.store.events import utc_now
from qlp.store.schema import metadata, runs

Source = Literal["user", "ci", "tests"]
"""Who says whether it was right: a person, the continuous integration of the repository, later tests."""
SOURCES: tuple[Source, ...] = get_args(Source)

KEPT = 500
"""Latest outcomes of one generator, language and kind that its calibration rests on; older ones are forgotten."""

_log = logging.getLogger(__name__)

predictions = sa.Table(
    "confidence_predictions",
    metadata,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("generator", sa.String(255), nullable=False),
    sa.Column("language", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("features", sa.Text, nullable=False),
    sa.Column("common_logit", sa.Double, nullable=False),
    sa.Column("probability", sa.Double, nullable=False),
    sa.Column("label", sa.String(32), nullable=False),  # how well calibrated it was called
    sa.Column("model_digest", sa.String(80), nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("correct", sa.Integer),  # None until it is told
    sa.Column("source", sa.String(16)),
    sa.Column("told_at", sa.Double),
    sa.Index("confidence_by_generator", "tenant", "generator", "told_at"),
)

drifts = sa.Table(
    "confidence_drifts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("generator", sa.String(255), nullable=False),
    sa.Column("language", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("found", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)


class Cell(Frozen):
    """Whose outcomes: they are pooled over nothing wider than a tenant's generator."""

    tenant: str
    generator: str
    language: str
    kind: Kind


class Prediction(Frozen):
    run_id: str
    cell: Cell
    features: dict[str, float | None]
    common_logit: float
    probability: float
    label: str
    model_digest: str


class Recorded(Frozen):
    """What telling an outcome did."""

    cell: Cell
    outcomes: int
    """Outcomes that the cell's calibration now rests on."""
    drift: Drift | None = None
    """Set when this outcome raised the alert."""


class CellState(Frozen):
    """One line of the report on generators."""

    cell: Cell
    outcomes: int
    right: float
    predicted: float
    drift: Drift | None
    """Of the latest calibrated predictions, if there are enough."""
    alerts: int
    """How often drift was found."""


class OutcomeStore:
    """Raises StorageError when the store cannot be used."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

        def create(connection: sa.Connection) -> None:
            runs.create(connection, checkfirst=True)
            predictions.create(connection, checkfirst=True)
            drifts.create(connection, checkfirst=True)

        database.write_now(create)

    async def tenant_of(self, run_id: str) -> str:
        """Whose run it is; the local tenant for a run that is in no store."""
        query = sa.select(runs.c.tenant).where(runs.c.id == run_id)
        return str(await self._database.read(lambda connection: connection.scalar(query)) or LOCAL_TENANT)

    async def predicted(self, prediction: Prediction) -> None:
        """Keep what was predicted for a run; a replay writes the same row again. An outcome told before stays."""
        values = {
            **prediction.cell.model_dump(),
            "features": json.dumps(prediction.features, sort_keys=True),
            "common_logit": prediction.common_logit,
            "probability": prediction.probability,
            "label": prediction.label,
            "model_digest": prediction.model_digest,
        }

        def write(connection: sa.Connection) -> None:
            here = predictions.c.run_id == prediction.run_id
            if connection.execute(predictions.update().where(here).values(**values)).rowcount == 0:
                now = self._clock().timestamp()
                connection.execute(predictions.insert().values(run_id=prediction.run_id, created_at=now, **values))

        await self._database.write(write)

    async def known(self, cell: Cell, loaded: Loaded) -> Known:
        """What the calibration of a new result may rest on, oldest first, since the last drift. Results that another
        model scored are scored again from their stored features."""

        def read(connection: sa.Connection) -> tuple[list[sa.Row[Any]], list[tuple[Kind, sa.Row[Any]]]]:
            others = [c for c in self._cells(connection, cell.tenant, cell.generator) if c != cell]
            elsewhere = [(c.kind, o) for c in others for o in self._outcomes(connection, c)]
            return self._outcomes(connection, cell), elsewhere[-KEPT:]

        here, elsewhere = await self._database.read(read)
        return Known(
            here=tuple((_common(o, cell.kind, loaded), o.correct) for o in here),
            elsewhere=tuple((_common(o, kind, loaded), o.correct) for kind, o in elsewhere),
        )

    async def record_outcome(self, run_id: str, *, correct: bool, source: Source, tenant: str) -> Recorded:
        """Tell whether the result of a run was right; the latest word counts. Raises NotFoundError for a run that was
        not scored, or is another tenant's; InputError for an unknown source."""
        if source not in SOURCES:
            raise InputError(f"{source!r} is no source of outcomes; there are {', '.join(SOURCES)}")

        def write(connection: sa.Connection) -> Recorded:
            found = sa.and_(predictions.c.run_id == run_id, predictions.c.tenant == tenant)
            row = connection.execute(sa.select(predictions).where(found)).one_or_none()
            if row is None:
                raise NotFoundError(f"there is no scored run {run_id}: `qlp runs ls` lists them")
            now = self._clock().timestamp()
            told = {"correct": int(correct), "source": source, "told_at": now}
            connection.execute(predictions.update().where(found).values(**told))
            cell = Cell(tenant=tenant, generator=row.generator, language=row.language, kind=row.kind)
            drift = self._drift(connection, cell)
            if drift is None or not drift.alert:
                return Recorded(cell=cell, outcomes=len(self._outcomes(connection, cell)))
            connection.execute(drifts.insert().values(**cell.model_dump(), found=drift.model_dump_json(), at=now))
            return Recorded(cell=cell, outcomes=0, drift=drift)

        recorded = await self._database.write(write)
        if recorded.drift is not None:
            _log.warning(
                "confidence of %s (%s, %s) drifted: calibration error %.3f where chance explains %.3f; it falls back "
                "to the shrunk prior until new outcomes are told",
                recorded.cell.generator, recorded.cell.language, recorded.cell.kind,
                recorded.drift.ece, recorded.drift.bound,
            )  # fmt: skip
        return recorded

    async def states(self, tenant: str) -> tuple[CellState, ...]:
        """Every cell that has outcomes, by generator."""

        def read(connection: sa.Connection) -> tuple[CellState, ...]:
            return tuple(s for c in self._cells(connection, tenant) if (s := self._state(connection, c)) is not None)

        return await self._database.read(read)

    async def rows(self, *, tenant: str, since: datetime) -> list[Row]:
        """Training rows of the outcomes told since: every run is its own task, nothing of it is shared."""

        def read(connection: sa.Connection) -> list[Row]:
            query = sa.select(predictions).where(
                predictions.c.tenant == tenant,
                predictions.c.correct.is_not(None),
                predictions.c.told_at >= since.timestamp(),
            )
            return [
                Row(
                    set="outcomes",
                    task=r.run_id,
                    generator=r.generator,
                    language=r.language,
                    kind=r.kind,
                    label=r.correct,
                    solution=r.run_id,
                    features=json.loads(r.features),
                )
                for r in connection.execute(query.order_by(predictions.c.told_at, predictions.c.run_id))
            ]

        return await self._database.read(read)

    def _state(self, connection: sa.Connection, cell: Cell) -> CellState | None:
        outcomes = self._outcomes(connection, cell)
        marks = sa.select(sa.func.count()).select_from(drifts).where(*_is(drifts, cell))
        alerts = connection.scalar(marks) or 0
        if not outcomes and not alerts:
            return None
        n = max(len(outcomes), 1)
        return CellState(
            cell=cell,
            outcomes=len(outcomes),
            right=sum(o.correct for o in outcomes) / n,
            predicted=sum(o.probability for o in outcomes) / n,
            drift=self._drift(connection, cell),
            alerts=alerts,
        )

    def _drift(self, connection: sa.Connection, cell: Cell) -> Drift | None:
        held = [o for o in self._outcomes(connection, cell) if o.label == "calibrated"]
        return drift_of([o.probability for o in held], [o.correct for o in held])

    def _outcomes(self, connection: sa.Connection, cell: Cell) -> list[sa.Row[Any]]:
        mark = connection.scalar(sa.select(sa.func.max(drifts.c.at)).where(*_is(drifts, cell)))
        c = predictions.c
        query = sa.select(predictions).where(*_is(predictions, cell), c.correct.is_not(None))
        if mark is not None:
            query = query.where(c.told_at > mark)
        newest = connection.execute(query.order_by(c.told_at.desc(), c.run_id.desc()).limit(KEPT)).all()
        return list(reversed(newest))

    def _cells(self, connection: sa.Connection, tenant: str, generator: str | None = None) -> list[Cell]:
        c = predictions.c
        query = sa.select(c.generator, c.language, c.kind).where(c.tenant == tenant, c.correct.is_not(None)).distinct()
        if generator is not None:
            query = query.where(c.generator == generator)
        found = connection.execute(query.order_by(c.generator, c.language, c.kind))
        return [Cell(tenant=tenant, generator=r.generator, language=r.language, kind=r.kind) for r in found]


def _common(outcome: sa.Row[Any], kind: Kind, loaded: Loaded) -> float:
    if outcome.model_digest == loaded.digest:
        return float(outcome.common_logit)
    return common_logit(part_of(loaded.model, kind), json.loads(outcome.features))


def _is(table: sa.Table, cell: Cell) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(table.c[name] == value for name, value in cell.model_dump().items())
