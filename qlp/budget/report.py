"""What was spent, by whatever one asks: run, task, tenant, user, model, key, tier or day."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args

import sqlalchemy as sa

from qlp.budget.money import Usd, to_usd
from qlp.budget.tables import create, spend
from qlp.errors import InputError
from qlp.models._base import Frozen
from qlp.store.engine import Database
from qlp.store.events import utc_now

GroupBy = Literal["run", "task", "tenant", "user", "model", "key", "tier", "day"]
GROUPS: tuple[GroupBy, ...] = get_args(GroupBy)
MOST_ROWS = 10_000
_DAY_S = 86_400
_COLUMNS = {
    "run": spend.c.run_id,
    "task": spend.c.task,
    "tenant": spend.c.tenant,
    "user": spend.c.user_id,
    "model": spend.c.model,
    "key": spend.c.api_key,
    "tier": spend.c.tier,
}
_AGO = re.compile(r"(\d{1,5})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class CostRow(Frozen):
    """Sums over one group. US dollars."""

    group: str
    """The run's id, the model's name, ...; empty where it is not known."""
    cost_usd: Usd
    """Settled, and `assumed_usd`."""
    assumed_usd: Usd
    """Part of it that nobody confirmed: calls that broke or died, counted at the most that they can have cost."""
    reserved_usd: Usd
    """Set aside for calls that are out now; not in `cost_usd`."""
    calls: int
    unpriced_calls: int
    """Calls whose price or tokens are unknown: their cost is missing, or assumed."""
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    gpu_seconds: float


class CostReport(Frozen):
    object: Literal["costs"] = "costs"
    group_by: GroupBy
    since: datetime | None
    until: datetime | None
    data: tuple[CostRow, ...]
    """The dearest first; days in their order."""
    total: CostRow
    has_more: bool = False


class CostReports:
    """Reads the ledger. A caller sees one tenant, unless `tenant` is None: that is the operator on the machine."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock
        database.write_now(create)

    async def report(
        self,
        tenant: str | None,
        *,
        group_by: GroupBy = "run",
        since: datetime | None = None,
        until: datetime | None = None,
        only: Mapping[GroupBy, str] | None = None,
        limit: int = 1000,
    ) -> CostReport:
        """Calls that were begun in [since, until); `only` filters by other columns."""
        where = [] if tenant is None else [spend.c.tenant == tenant]
        where += [] if since is None else [spend.c.reserved_at >= since.timestamp()]
        where += [] if until is None else [spend.c.reserved_at < until.timestamp()]
        where += [_COLUMNS[name] == value for name, value in (only or {}).items()]
        limit = min(limit, MOST_ROWS)

        def select(connection: sa.Connection) -> CostReport:
            by = _day(connection) if group_by == "day" else _COLUMNS[group_by]
            sums = _sums(self._clock().timestamp())
            order = by.asc() if group_by == "day" else sa.desc("counted")
            rows = connection.execute(
                sa.select(by.label("group"), *sums).where(*where).group_by(by).order_by(order, by).limit(limit + 1)
            ).all()
            total = connection.execute(sa.select(sa.literal("total").label("group"), *sums).where(*where)).one()
            return CostReport(
                group_by=group_by,
                since=since,
                until=until,
                data=tuple(_row(r, group_by) for r in rows[:limit]),
                total=_row(total, None),
                has_more=len(rows) > limit,
            )

        return await self._database.read(select)


def moment(text: str, now: datetime) -> datetime:
    """`30d`, `12h`, `2026-11-01` or an ISO time (UTC if it names no zone). Raises InputError."""
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"{text[:40]!r} is no time: write 30d, 12h, 2026-11-01 or 2026-11-01T12:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def to_csv(report: CostReport) -> str:
    """RFC 4180, with a header; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO(newline="")
    names = [name for name in CostRow.model_fields if name != "group"]
    writer = csv.writer(out)
    writer.writerow([report.group_by, *names])
    for row in report.data:
        writer.writerow([_cell(row.group), *(_plain(getattr(row, name)) for name in names)])
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _plain(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _day(connection: sa.Connection) -> sa.ColumnElement[Any]:
    days = spend.c.reserved_at / _DAY_S
    # A cast cuts in SQLite and rounds in PostgreSQL.
    return sa.func.floor(days) if connection.dialect.name == "postgresql" else sa.cast(days, sa.Integer)


def _sums(now: float) -> list[sa.ColumnElement[Any]]:
    def total(value: Any) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(sa.func.sum(value), 0)

    def where(condition: sa.ColumnElement[bool], value: Any) -> sa.ColumnElement[Any]:
        return total(sa.case((condition, value), else_=0))

    # A reservation whose caller must be dead is assumed, also before the ledger has written that down.
    open_, late = spend.c.state == "reserved", spend.c.expires_at < now
    assumed = sa.or_(spend.c.state == "assumed", sa.and_(open_, late))
    tokens = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens", "gpu_ms")
    return [
        where(sa.or_(spend.c.state == "settled", assumed), spend.c.held).label("counted"),
        where(assumed, spend.c.held).label("assumed"),
        where(sa.and_(open_, sa.not_(late)), spend.c.held).label("reserved"),
        total(sa.case((sa.and_(open_, late), 1), else_=spend.c.calls)).label("calls"),
        where(sa.and_(spend.c.priced.is_(False), spend.c.state != "released"), 1).label("unpriced"),
        *(total(spend.c[name]).label(name) for name in tokens),
    ]


def _row(row: Any, group_by: GroupBy | None) -> CostRow:
    group = str(row.group)
    if group_by == "day":
        group = (date(1970, 1, 1) + timedelta(days=int(row.group))).isoformat()
    return CostRow(
        group=group,
        cost_usd=to_usd(int(row.counted)),
        assumed_usd=to_usd(int(row.assumed)),
        reserved_usd=to_usd(int(row.reserved)),
        calls=int(row.calls),
        unpriced_calls=int(row.unpriced),
        input_tokens=int(row.input_tokens),
        output_tokens=int(row.output_tokens),
        cached_tokens=int(row.cached_tokens),
        cache_write_tokens=int(row.cache_write_tokens),
        reasoning_tokens=int(row.reasoning_tokens),
        gpu_seconds=int(row.gpu_ms) / 1000,
    )
