"""Requests and tokens of the last minute, counted in the database: exact over tasks, processes and nodes.

A sliding window in slots (a sliding-window counter without interpolation): what was admitted is added to the slot of
its second, and a slot counts as a whole until its *last* moment is a window old. So no window of 60 s, wherever it
begins, ever holds more than the limit; the price is that a lasting load gets 60/61 of it. A token bucket with one row
would be cheaper to store and lets through up to twice the limit in a window. Rows are bounded by the slots, whatever
the rate.

Who has to wait takes a ticket and is served in the order of tickets, so that a large call is not passed for ever by
small ones; a ticket whose owner does not ask again within its lease is void.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from qlp.models._base import Frozen
from qlp.store.engine import Database
from qlp.store.schema import metadata
from qlp.store.tables import ensure

table = sa.Table(
    "rate_limits",
    metadata,
    sa.Column("scope", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),  # state, used, waits
    sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),  # used: slot; waits: ticket; state: 0
    sa.Column("requests", sa.BigInteger, nullable=False, default=0),  # state: the last ticket
    sa.Column("tokens", sa.BigInteger, nullable=False, default=0),
    sa.Column("until", sa.Double, nullable=False, default=0.0),  # state: blocked until; waits: end of the lease
)

LONGEST_BLOCK_S = 3600.0
"""A server that asks for more (or whose clock is wrong) is asked again after this long."""

Kind = Literal["state", "used", "waits"]


class Limit(Frozen):
    """What one key may use of one model in one window. None: no limit."""

    requests: int | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class Need:
    requests: int
    tokens: int


@dataclass(frozen=True)
class Grant:
    """Admitted at `at` (seconds since the epoch, the database's clock), on account of slot `slot`."""

    slot: int
    need: Need
    at: float


@dataclass(frozen=True)
class Wait:
    """Not now: ask again with `ticket`; `seconds` is the least that it will take if nobody uses less than reserved."""

    ticket: int
    seconds: float


class Windows:
    """The table and its transactions; each method runs in one and blocks: call it through `Database.write`."""

    def __init__(
        self,
        database: Database,
        *,
        window_s: float = 60.0,
        slots: int = 60,
        lease_s: float = 3.0,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`clock` None: the database server's for PostgreSQL, so that nodes need not agree; else this machine's."""
        ensure(database, table)
        self.window_s = window_s
        self._width = window_s / slots
        self._lease_s = lease_s
        self._clock = clock

    def admit(
        self, connection: sa.Connection, scope: str, limit: Limit, need: Need, *, ticket: int | None = None
    ) -> Grant | Wait:
        """Count `need`, or wait. `ticket` is the one that an earlier call gave."""
        last_ticket, blocked_until = self._lock(connection, scope)
        now = self._now(connection)
        slots, waiting = self._rows(connection, scope, now)
        before = [Need(r, t) for at, r, t in waiting if ticket is None or at < ticket]
        seconds = max(
            _lasting(blocked_until, now), _soonest(self._free_in(slots, now), limit, before, need, self.window_s)
        )
        if seconds <= 0 and not before:
            slot = math.floor(now / self._width)
            self._add(connection, scope, slot, need)
            if ticket is not None:
                connection.execute(table.delete().where(*_is(scope, "waits", ticket)))
            return Grant(slot, need, now)
        if ticket is None:
            ticket = last_ticket + 1
            connection.execute(table.update().where(*_is(scope, "state", 0)).values(requests=ticket))
        row = {"requests": need.requests, "tokens": need.tokens, "until": now + self._lease_s}
        _upsert(connection, scope, "waits", ticket, row)
        return Wait(ticket, max(seconds, 0.0))

    def leave(self, connection: sa.Connection, scope: str, ticket: int) -> None:
        """Wait no longer."""
        connection.execute(table.delete().where(*_is(scope, "waits", ticket)))

    def settle(self, connection: sa.Connection, scope: str, grant: Grant, used: Need) -> None:
        """Replace what was reserved by what was used; no effect once the slot is out of the window."""
        change = {
            "requests": table.c.requests + (used.requests - grant.need.requests),
            "tokens": table.c.tokens + (used.tokens - grant.need.tokens),
        }
        connection.execute(table.update().where(*_is(scope, "used", grant.slot)).values(change))

    def block(self, connection: sa.Connection, scope: str, seconds: float) -> None:
        """Nobody is admitted for so long; a longer block that is there stays."""
        _, until = self._lock(connection, scope)
        later = max(until, self._now(connection) + min(seconds, LONGEST_BLOCK_S))
        connection.execute(table.update().where(*_is(scope, "state", 0)).values(until=later))

    def blocked_for(self, connection: sa.Connection, scope: str) -> float:
        """Seconds that the block still lasts, 0 without one. Reads only."""
        until = connection.scalar(sa.select(table.c.until).where(*_is(scope, "state", 0)))
        return _lasting(until or 0.0, self._now(connection))

    def used(self, connection: sa.Connection, scope: str) -> Need:
        """What the present window holds. Reads only."""
        now = self._now(connection)
        rows = connection.execute(
            sa.select(table.c.requests, table.c.tokens).where(*_all(scope, "used"), table.c.at >= self._oldest(now))
        ).all()
        return Need(sum(r for r, _ in rows), sum(t for _, t in rows))

    def _lock(self, connection: sa.Connection, scope: str) -> tuple[int, float]:
        """One transaction of a scope at a time. SQLite's BEGIN IMMEDIATE does it already."""
        query = sa.select(table.c.requests, table.c.until).where(*_is(scope, "state", 0)).with_for_update()
        row = connection.execute(query).one_or_none()
        if row is None:
            _insert_new(connection, scope)
            row = connection.execute(query).one()
        return int(row[0]), float(row[1])

    def _rows(
        self, connection: sa.Connection, scope: str, now: float
    ) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        """(slots, waiting), each (at, requests, tokens) in order; what is over is deleted on the way."""
        oldest, newest = self._oldest(now), math.floor((now + self.window_s) / self._width)
        slots: list[tuple[int, int, int]] = []
        waiting: list[tuple[int, int, int]] = []
        over = False
        for kind, at, requests, tokens, until in connection.execute(
            sa.select(table.c.kind, table.c.at, table.c.requests, table.c.tokens, table.c.until)
            .where(table.c.scope == scope, table.c.kind != "state")
            .order_by(table.c.at)
        ):
            if kind == "used":
                # A slot of the far future is of a clock that was set back since.
                live, into = oldest <= at <= newest, slots
            else:
                live, into = now < until <= now + self.window_s + self._lease_s, waiting
            if live:
                into.append((int(at), int(requests), int(tokens)))
            over = over or not live
        if over:
            gone = sa.or_(
                sa.and_(table.c.kind == "used", sa.or_(table.c.at < oldest, table.c.at > newest)),
                sa.and_(
                    table.c.kind == "waits",
                    sa.or_(table.c.until <= now, table.c.until > now + self.window_s + self._lease_s),
                ),
            )
            connection.execute(table.delete().where(table.c.scope == scope, gone))
        return slots, waiting

    def _oldest(self, now: float) -> int:
        return math.floor((now - self.window_s) / self._width)

    def _free_in(self, slots: list[tuple[int, int, int]], now: float) -> list[tuple[float, int, int]]:
        return [((at + 1) * self._width + self.window_s - now, r, t) for at, r, t in slots]

    def _add(self, connection: sa.Connection, scope: str, slot: int, need: Need) -> None:
        row = {"requests": need.requests, "tokens": need.tokens, "until": 0.0}
        add = {"requests": table.c.requests + need.requests, "tokens": table.c.tokens + need.tokens}
        _upsert(connection, scope, "used", slot, row, add)

    def _now(self, connection: sa.Connection) -> float:
        if self._clock is not None:
            return self._clock()
        if connection.dialect.name == "postgresql":
            return float(connection.scalar(sa.select(sa.extract("epoch", sa.func.clock_timestamp()))) or 0.0)
        return time.time()


def _lasting(until: float, now: float) -> float:
    """Seconds that a block still lasts; one that ends too far ahead is of a clock that was set back since."""
    return max(0.0, until - now) if until - now <= LONGEST_BLOCK_S else 0.0


def _soonest(
    slots: list[tuple[float, int, int]], limit: Limit, before: list[Need], need: Need, window_s: float
) -> float:
    """Seconds until `need` fits behind those before it, if nobody gives back; 0 if it does at once."""
    requests = [(s, r) for s, r, _ in slots]
    tokens = [(s, t) for s, _, t in slots]
    return max(
        _fits_in(requests, limit.requests, [b.requests for b in before], need.requests, window_s),
        _fits_in(tokens, limit.tokens, [b.tokens for b in before], need.tokens, window_s),
    )


def _fits_in(slots: list[tuple[float, int]], limit: int | None, before: list[int], need: int, window_s: float) -> float:
    if limit is None:
        return 0.0
    wanted = sum(before) + need
    full_windows = max(0, math.ceil(wanted / limit) - 1)
    wanted -= full_windows * limit
    used = sum(amount for _, amount in slots)
    seconds = 0.0
    for free_in, amount in slots:
        if used + wanted <= limit:
            break
        used -= amount
        seconds = free_in
    return seconds + full_windows * window_s


def _all(scope: str, kind: Kind) -> tuple[sa.ColumnElement[bool], ...]:
    return (table.c.scope == scope, table.c.kind == kind)


def _is(scope: str, kind: Kind, at: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (*_all(scope, kind), table.c.at == at)


def _insert_new(connection: sa.Connection, scope: str) -> None:
    row = {"scope": scope, "kind": "state", "at": 0, "requests": 0, "tokens": 0, "until": 0.0}
    connection.execute(_insert(connection).values(row).on_conflict_do_nothing())


def _upsert(
    connection: sa.Connection,
    scope: str,
    kind: Kind,
    at: int,
    row: dict[str, int | float],
    update: dict[str, sa.ColumnElement[int]] | None = None,
) -> None:
    statement = _insert(connection).values({"scope": scope, "kind": kind, "at": at, **row})
    connection.execute(statement.on_conflict_do_update(index_elements=["scope", "kind", "at"], set_=update or row))


def _insert(connection: sa.Connection) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
