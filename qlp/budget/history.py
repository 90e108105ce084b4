"""What earlier runs cost, with what made them alike: language, kind, tier and size of the request."""

from __future__ import annotations

import json

import sqlalchemy as sa

from qlp.budget.money import to_usd
from qlp.budget.tables import spend
from qlp.models import Analysis, Request
from qlp.models._base import Frozen
from qlp.store import schema
from qlp.store.engine import Database

_NEWEST = 500
"""Runs that are looked at."""


class Likeness(Frozen):
    """By what runs are compared, the least telling last."""

    kind: str
    language: str
    tier: str
    size: str
    """Of the request's text and tests: `short`, `medium`, `long`."""

    @classmethod
    def of(cls, request: Request, kind: str, language: str) -> Likeness:
        chars = len(request.text) + sum(len(t) for t in request.tests.values())
        size = "short" if chars < 300 else "medium" if chars < 3000 else "long"
        return cls(kind=kind, language=language, tier=request.tier or "auto", size=size)

    def widened(self) -> tuple[tuple[str, ...], ...]:
        """Sets of fields that must be equal, from all of them to none."""
        return ("kind", "language", "tier", "size"), ("kind", "language", "tier"), ("kind", "language"), ("kind",), ()


class PastRun(Frozen):
    likeness: Likeness
    usd: float
    calls: int


class History:
    """Finished runs of a tenant that a model made. A paused or failed run says nothing of what a whole one costs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def runs(self, tenant: str) -> tuple[PastRun, ...]:
        """The newest first. Runs with calls of unknown price are left out: their cost is not known."""
        return await self._database.read(lambda connection: self._runs(connection, tenant))

    def _runs(self, connection: sa.Connection, tenant: str) -> tuple[PastRun, ...]:
        runs, events = schema.runs, schema.events
        newest = (
            sa.select(runs.c.id, runs.c.request, runs.c.position)
            .where(runs.c.tenant == tenant, runs.c.status == "completed")
            .order_by(runs.c.position.desc())
            .limit(_NEWEST)
            .subquery()
        )
        costs = (
            sa.select(
                spend.c.run_id,
                sa.func.sum(spend.c.held).label("held"),
                sa.func.sum(spend.c.calls).label("calls"),
            )
            .where(spend.c.run_id.in_(sa.select(newest.c.id)), spend.c.state != "released")
            .group_by(spend.c.run_id)
            .having(sa.func.min(sa.case((spend.c.priced, 1), else_=0)) == 1)
            .subquery()
        )
        rows = connection.execute(
            sa.select(newest.c.request, events.c.data, costs.c.held, costs.c.calls)
            .join(costs, costs.c.run_id == newest.c.id)
            .join(events, sa.and_(events.c.run_id == newest.c.id, events.c.type == "run.analysis.ready"))
            .order_by(newest.c.position.desc())
        ).all()
        found = []
        for row in rows:
            data = json.loads(row.data)
            request = Request.model_validate_json(row.request)
            likeness = Likeness.of(request, str(data.get("kind")), str(data.get("language")))
            found.append(PastRun(likeness=likeness, usd=float(to_usd(int(row.held))), calls=int(row.calls)))
        return tuple(found)


def likeness_of(request: Request, analysis: Analysis) -> Likeness:
    return Likeness.of(request, analysis.spec.kind, analysis.spec.language)
