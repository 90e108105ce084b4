"""Decisions, their outcomes and what was learned from them, in the database.

A write touches a handful of rows, whatever the history: three clocks and three statistics a try. The clock's row is
the lock of its cell: it is counted up first, always in the same order, so concurrent workers neither lose an outcome
nor wait for each other in a circle (SQLite has one writer anyway).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Sequence

import sqlalchemy as sa

from qlp.errors import NotFoundError
from qlp.models._base import Frozen
from qlp.routing.arms import Rung
from qlp.routing.decision import RouteDecision, RouteOutcome, TryOutcome
from qlp.routing.features import Features, similarity
from qlp.routing.memory import Place, places_of, rungs_of, seen_of, try_of
from qlp.routing.priors import Priors, priors
from qlp.routing.statistic import Seen, Statistic
from qlp.store.engine import Database
from qlp.store.schema import metadata

_BLAMED = ("code", "test")
_LONGEST_S = 3600.0
"""A task that seems to have taken longer was paused in between: its time says nothing."""

cells = sa.Table(
    "routing_cells",
    metadata,
    sa.Column("scope", sa.String(64), primary_key=True),
    sa.Column("cell", sa.String(96), primary_key=True),
    sa.Column("tick", sa.Integer, nullable=False),
)

statistics = sa.Table(
    "routing_statistics",
    metadata,
    sa.Column("scope", sa.String(64), primary_key=True),
    sa.Column("cell", sa.String(96), primary_key=True),
    sa.Column("try_key", sa.String(320), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)

decisions = sa.Table(
    "routing_decisions",
    metadata,
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("run_id", sa.String(64), nullable=False, index=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("policy", sa.String(64), nullable=False),
    sa.Column("cell", sa.String(96), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("verified", sa.Integer),  # None while nothing executed has told
    sa.Column("told_at", sa.Double),
    sa.Index("routing_by_tenant", "tenant", "at"),
)


class Logged(Frozen):
    """A decision with what came of it: one line of an offline replay."""

    decision: RouteDecision
    outcome: RouteOutcome
    at: float


class RouteStore:
    """Raises StorageError when the store cannot be used."""

    def __init__(self, database: Database, *, p: Priors | None = None, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._p = p or priors()
        self._clock = clock

        def create(connection: sa.Connection) -> None:
            for table in (cells, statistics, decisions):
                table.create(connection, checkfirst=True)

        database.write_now(create)

    async def levels(
        self, features: Features, tenant: str, keys: Collection[str]
    ) -> tuple[dict[str, tuple[Statistic, ...]], int]:
        """Statistics of each try from the widest level to similar requests, faded to now; and how many outcomes of
        this difficulty are known."""
        places = places_of(features, tenant)
        now = self._clock()

        def read(connection: sa.Connection) -> tuple[dict[str, tuple[Statistic, ...]], int]:
            ticks = {place: self._tick(connection, place) for place in places}
            rows: dict[tuple[Place, str], Statistic] = {}
            for place in places:
                query = sa.select(statistics.c.try_key, statistics.c.body).where(
                    statistics.c.scope == place.scope,
                    statistics.c.cell == place.cell,
                    statistics.c.try_key.in_(list(keys)),
                )
                for row in connection.execute(query):
                    found = Statistic.model_validate_json(row.body)
                    rows[place, row.try_key] = found.faded(ticks[place], now, self._p)
            similar = self._similar(connection, features, tenant)
            return {
                key: (*(rows.get((place, key), Statistic()) for place in places), similar.get(key, Statistic()))
                for key in keys
            }, ticks[places[0]]

        return await self._database.read(read)

    async def decided(self, decision: RouteDecision) -> RouteDecision:
        """Keep a decision; one that was kept under this id before stands."""

        def write(connection: sa.Connection) -> RouteDecision:
            kept = connection.scalar(sa.select(decisions.c.body).where(decisions.c.id == decision.id))
            if kept is not None:
                return RouteDecision.model_validate_json(kept)
            connection.execute(
                decisions.insert().values(
                    id=decision.id,
                    run_id=decision.run_id,
                    tenant=decision.tenant,
                    policy=decision.policy,
                    cell=decision.features.cell,
                    words=" ".join(decision.features.words),
                    body=decision.model_dump_json(),
                    at=self._clock(),
                )
            )
            return decision

        return await self._database.write(write)

    async def find(self, decision_id: str) -> RouteDecision | None:
        query = sa.select(decisions.c.body).where(decisions.c.id == decision_id)
        kept = await self._database.read(lambda connection: connection.scalar(query))
        return None if kept is None else RouteDecision.model_validate_json(kept)

    async def record(self, outcome: RouteOutcome) -> RouteDecision:
        """Keep an outcome and learn what is known of it; the first one stands, so a replay counts nothing twice.
        Where it tells no seconds, those since the decision count.

        Raises NotFoundError for a decision that was never kept.
        """

        def write(connection: sa.Connection) -> RouteDecision:
            row = connection.execute(sa.select(decisions).where(decisions.c.id == outcome.decision_id)).one_or_none()
            if row is None:
                raise NotFoundError(f"no routing decision {outcome.decision_id} was kept")
            decision = RouteDecision.model_validate_json(row.body)
            timed = _timed(outcome, self._clock() - row.at)
            if self._claim(connection, outcome.decision_id, decisions.c.outcome.is_(None), timed):
                self._learn(connection, decision, [t for t in timed.tries if t.verified is not None])
            return decision

        return await self._database.write(write)

    async def settle(self, run_id: str, *, verified: bool, tasks: Collection[str] | None = None) -> tuple[str, ...]:
        """Tell the decisions of a run that still wait for a verdict; `tasks` only those. Their ids.

        A project that is not verified says nothing against its prose: without `tasks` only those that write code or
        tests are told that they failed.
        """

        def write(connection: sa.Connection) -> tuple[str, ...]:
            waiting = sa.and_(decisions.c.run_id == run_id, decisions.c.verified.is_(None))
            query = sa.select(decisions).where(waiting, decisions.c.outcome.is_not(None)).order_by(decisions.c.id)
            settled: list[str] = []
            for row in connection.execute(query).all():
                decision = RouteDecision.model_validate_json(row.body)
                blamed = decision.features.task_kind in _BLAMED if tasks is None else decision.task_id in tasks
                if not blamed and not (verified and tasks is None):
                    continue
                before = RouteOutcome.model_validate_json(row.outcome)
                told = [t.model_copy(update={"verified": verified}) for t in before.tries if t.verified is None]
                tries = (*(t for t in before.tries if t.verified is not None), *told)
                outcome = before.model_copy(update={"verified": verified, "tries": tries})
                if self._claim(connection, decision.id, decisions.c.verified.is_(None), outcome):
                    self._learn(connection, decision, told)
                    settled.append(decision.id)
            return tuple(settled)

        return await self._database.write(write)

    async def of_run(self, run_id: str) -> tuple[tuple[RouteDecision, RouteOutcome | None], ...]:
        """Oldest first."""
        query = sa.select(decisions).where(decisions.c.run_id == run_id).order_by(decisions.c.at, decisions.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            (
                RouteDecision.model_validate_json(r.body),
                RouteOutcome.model_validate_json(r.outcome) if r.outcome else None,
            )
            for r in rows
        )

    async def log(self, *, tenant: str | None = None, since: float = 0.0, limit: int = 20_000) -> tuple[Logged, ...]:
        """Decisions whose verdict is known, oldest first, the latest `limit` of them."""
        query = sa.select(decisions).where(decisions.c.verified.is_not(None), decisions.c.at >= since)
        if tenant is not None:
            query = query.where(decisions.c.tenant == tenant)
        query = query.order_by(decisions.c.at.desc(), decisions.c.id.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            Logged(
                decision=RouteDecision.model_validate_json(r.body),
                outcome=RouteOutcome.model_validate_json(r.outcome),
                at=r.at,
            )
            for r in reversed(rows)
        )

    def _claim(
        self, connection: sa.Connection, decision_id: str, free: sa.ColumnElement[bool], outcome: RouteOutcome
    ) -> bool:
        """Whether this writer is the one that tells: two cannot pass the same condition."""
        verified = None if outcome.verified is None else int(outcome.verified)
        told = decisions.update().where(decisions.c.id == decision_id, free)
        values = {"outcome": outcome.model_dump_json(), "verified": verified, "told_at": self._clock()}
        return connection.execute(told.values(**values)).rowcount == 1

    def _learn(self, connection: sa.Connection, decision: RouteDecision, tries: Sequence[TryOutcome]) -> None:
        if not tries:
            return
        rungs = rungs_of(decision)
        seen = [
            (
                try_of(t),
                seen_of(t, rungs.get(t.tier, Rung(tier=t.tier, model=t.model)), decision.features.difficulty, self._p),
            )
            for t in tries
        ]
        for place in sorted(places_of(decision.features, decision.tenant)):
            last = self._count(connection, place, len(seen))
            for i, (one, saw) in enumerate(seen):
                for key in (one.key, one.cost_key):
                    self._add(connection, place, key, saw, last - len(seen) + i + 1)

    def _count(self, connection: sa.Connection, place: Place, by: int) -> int:
        """Count a clock up, which locks its row until the end of the transaction; its new value."""
        here = (cells.c.scope == place.scope, cells.c.cell == place.cell)
        counted = cells.update().where(*here).values(tick=cells.c.tick + by)
        if connection.execute(counted).rowcount == 0:
            try:
                with connection.begin_nested():
                    connection.execute(cells.insert().values(scope=place.scope, cell=place.cell, tick=by))
            except sa.exc.IntegrityError:  # another worker made it meanwhile
                connection.execute(counted)
        return self._tick(connection, place)

    def _add(self, connection: sa.Connection, place: Place, key: str, seen: Seen, tick: int) -> None:
        c = statistics.c
        here = (c.scope == place.scope, c.cell == place.cell, c.try_key == key)
        now = self._clock()
        body = connection.scalar(sa.select(c.body).where(*here))
        before = Statistic(tick=tick, at=now) if body is None else Statistic.model_validate_json(body)
        after = before.after(seen, tick, now, self._p).model_dump_json()
        if body is None:
            connection.execute(statistics.insert().values(scope=place.scope, cell=place.cell, try_key=key, body=after))
        else:
            connection.execute(statistics.update().where(*here).values(body=after))

    def _tick(self, connection: sa.Connection, place: Place) -> int:
        query = sa.select(cells.c.tick).where(cells.c.scope == place.scope, cells.c.cell == place.cell)
        return connection.scalar(query) or 0

    def _similar(self, connection: sa.Connection, features: Features, tenant: str) -> dict[str, Statistic]:
        """Outcomes of the tenant's most similar requests, by try; the closer the more they count."""
        c = decisions.c
        query = (
            sa.select(c.id, c.words, c.outcome)
            .where(c.tenant == tenant, c.cell == features.cell, c.verified.is_not(None))
            .order_by(c.at.desc(), c.id.desc())
            .limit(self._p.similar_looked_at)
        )
        sums: dict[str, tuple[float, float]] = {}
        for row in connection.execute(query):
            alike = similarity(tuple(row.words.split()), features.words)
            if alike < self._p.similar_from:
                continue
            for one in json.loads(row.outcome)["tries"]:
                told = TryOutcome.model_validate(one)
                weight, verified = sums.get(try_of(told).key, (0.0, 0.0))
                sums[try_of(told).key] = (weight + alike, verified + alike * bool(told.verified))
        return {key: self._capped(weight, verified) for key, (weight, verified) in sums.items()}

    def _capped(self, weight: float, verified: float) -> Statistic:
        """However many similar runs there are: they are counted in their cell too, here they only tip the scale."""
        kept = min(weight, self._p.similar_weight)
        return Statistic(weight=kept, verified=verified / weight * kept)


def _timed(outcome: RouteOutcome, elapsed: float) -> RouteOutcome:
    """With the time since the decision where none is told, evenly over the tries."""
    if outcome.seconds is not None or not outcome.tries or not 0 <= elapsed <= _LONGEST_S:
        return outcome
    share = elapsed / len(outcome.tries)
    tries = tuple(t if t.seconds is not None else t.model_copy(update={"seconds": share}) for t in outcome.tries)
    return outcome.model_copy(update={"seconds": elapsed, "tries": tries})
