"""Exposures, outcomes and stopped arms, in the database; the definitions are settings."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from qlp.config import ExperimentSettings
from qlp.errors import NotFoundError
from qlp.models._base import Frozen
from qlp.routing.decision import Assigned
from qlp.routing.experiments.assignment import (
    Difference,
    assigned_arm,
    control_of,
    difference_of,
    unit_of,
)
from qlp.routing.experiments.report import ExperimentReport, Observed, Stopped, broken_guardrail, report_of
from qlp.store.engine import Database
from qlp.store.schema import metadata

_DIGEST_CHARS = 12

exposures = sa.Table(
    "experiment_exposures",
    metadata,
    sa.Column("experiment", sa.String(64), primary_key=True),
    sa.Column("version", sa.String(16), primary_key=True),
    sa.Column("unit", sa.String(160), primary_key=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("arm", sa.String(64), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)

observed_runs = sa.Table(
    "experiment_runs",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("experiment", sa.String(64), nullable=False),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("unit", sa.String(160), nullable=False),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("arm", sa.String(64), nullable=False),
    sa.Column("verified", sa.Integer, nullable=False),
    sa.Column("cost_usd", sa.Double, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.UniqueConstraint("experiment", "version", "unit"),
)

stopped_arms = sa.Table(
    "experiment_stops",
    metadata,
    sa.Column("experiment", sa.String(64), primary_key=True),
    sa.Column("version", sa.String(16), primary_key=True),
    sa.Column("arm", sa.String(64), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)


class RunObserved(Frozen):
    """How a run ended, by its executed verdict."""

    run_id: str
    tenant: str
    verified: bool
    cost_usd: float
    seconds: float


class ExperimentStore:
    """Raises StorageError when the store cannot be used."""

    def __init__(
        self,
        database: Database,
        experiments: Mapping[str, ExperimentSettings],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._experiments = experiments
        self._clock = clock

        def create(connection: sa.Connection) -> None:
            for table in (exposures, observed_runs, stopped_arms):
                table.create(connection, checkfirst=True)

        database.write_now(create)

    async def assign(self, *, run_id: str, tenant: str, user: str | None) -> tuple[tuple[Assigned, ...], Difference]:
        """The run's arms, each exposure written down once, and what they change together.

        A unit whose arm was stopped works like the control and is not counted any more.
        """
        running = {n: e for n, e in self._experiments.items() if not e.tenants or tenant in e.tenants}
        if not running:
            return (), Difference()

        def write(connection: sa.Connection) -> tuple[tuple[Assigned, ...], Difference]:
            found: list[Assigned] = []
            difference = Difference()
            for name, experiment in running.items():
                version = version_of(experiment)
                unit = unit_of(experiment, run_id=run_id, tenant=tenant, user=user)
                arm = assigned_arm(name, experiment, unit)
                if arm is None or arm in {s.arm for s in self._stops(connection, name, version)}:
                    continue
                one = Assigned(experiment=name, version=version, arm=arm, unit=unit)
                self._expose(connection, one, tenant)
                found.append(one)
                difference = difference + difference_of(experiment, arm)
            return tuple(found), difference

        return await self._database.write(write)

    async def observed(self, one: Assigned, run: RunObserved) -> str:
        """Count a unit's first finished run; the reason if a guardrail stopped an arm by it, else empty."""
        experiment = self._experiments.get(one.experiment)
        if experiment is None or version_of(experiment) != one.version:
            return ""  # ended or changed while the run went on

        def write(connection: sa.Connection) -> str:
            values = {**run.model_dump(), "verified": int(run.verified), "at": self._clock()}
            try:
                with connection.begin_nested():
                    connection.execute(observed_runs.insert().values(**one.model_dump(), **values))
            except sa.exc.IntegrityError:  # this unit was counted before
                return ""
            return self._guard(connection, one.experiment, experiment)

        return await self._database.write(write)

    async def report(self, name: str, *, tenant: str | None = None) -> ExperimentReport:
        """Over all tenants, or over one's own units alone. Raises NotFoundError."""
        experiment = self._experiments.get(name)
        if experiment is None:
            known = ", ".join(self._experiments) or "none: define them under routing.experiments"
            raise NotFoundError(f"there is no experiment {name}; there are: {known}")
        version = version_of(experiment)

        def read(connection: sa.Connection) -> ExperimentReport:
            c = exposures.c
            count = sa.select(c.arm, sa.func.count()).where(c.experiment == name, c.version == version)
            if tenant is not None:
                count = count.where(c.tenant == tenant)
            exposed = {row[0]: int(row[1]) for row in connection.execute(count.group_by(c.arm))}
            seen = self._observed(connection, name, version, tenant)
            return report_of(name, version, experiment, exposed, seen, self._stops(connection, name, version))

        return await self._database.read(read)

    async def reports(self, *, tenant: str | None = None) -> tuple[ExperimentReport, ...]:
        """Of one tenant: those that it takes part in."""
        open_ = [n for n, e in self._experiments.items() if tenant is None or not e.tenants or tenant in e.tenants]
        return tuple([await self.report(name, tenant=tenant) for name in open_])

    def _expose(self, connection: sa.Connection, one: Assigned, tenant: str) -> None:
        c = exposures.c
        here = (c.experiment == one.experiment, c.version == one.version, c.unit == one.unit)
        if connection.scalar(sa.select(c.arm).where(*here)) is not None:
            return
        try:
            with connection.begin_nested():
                connection.execute(exposures.insert().values(**one.model_dump(), tenant=tenant, at=self._clock()))
        except sa.exc.IntegrityError:  # another worker wrote it meanwhile: it is the same arm
            return

    def _guard(self, connection: sa.Connection, name: str, experiment: ExperimentSettings) -> str:
        version = version_of(experiment)
        seen = self._observed(connection, name, version)
        control = [o for o in seen if o.arm == control_of(experiment)]
        stopped = {s.arm for s in self._stops(connection, name, version)}
        said = ""
        for arm in experiment.arms:
            if arm == control_of(experiment) or arm in stopped:
                continue
            reason = broken_guardrail(experiment, [o for o in seen if o.arm == arm], control)
            if reason:
                row = {"experiment": name, "version": version, "arm": arm, "reason": reason, "at": self._clock()}
                try:
                    with connection.begin_nested():
                        connection.execute(stopped_arms.insert().values(**row))
                except sa.exc.IntegrityError:  # another worker stopped it at the same moment
                    continue
                said = f"{arm}: {reason}"
        return said

    def _observed(
        self, connection: sa.Connection, name: str, version: str, tenant: str | None = None
    ) -> list[Observed]:
        c = observed_runs.c
        query = sa.select(observed_runs).where(c.experiment == name, c.version == version).order_by(c.position)
        if tenant is not None:
            query = query.where(c.tenant == tenant)
        return [
            Observed(arm=r.arm, unit=r.unit, verified=bool(r.verified), cost_usd=r.cost_usd, seconds=r.seconds)
            for r in connection.execute(query)
        ]

    def _stops(self, connection: sa.Connection, name: str, version: str) -> list[Stopped]:
        c = stopped_arms.c
        query = sa.select(stopped_arms).where(c.experiment == name, c.version == version)
        return [Stopped(arm=r.arm, reason=r.reason, at=r.at) for r in connection.execute(query)]


def version_of(experiment: ExperimentSettings) -> str:
    """Of everything that decides who gets what and what it is; guardrails may be changed on the way."""
    deciding = experiment.model_dump_json(include={"arms", "unit", "share", "tenants"})
    return hashlib.sha256(deciding.encode()).hexdigest()[:_DIGEST_CHARS]
