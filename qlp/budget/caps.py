"""Which caps hold for a call: those of the settings, and those that were set at run time. All of them hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa

from qlp.budget.accounts import Account, held, known, lock, subjects, summed
from qlp.budget.call import Scope, Spender
from qlp.budget.money import MOST_USD, Usd, to_nano, to_usd
from qlp.budget.periods import PERIODS, Period, bounds, name_of
from qlp.budget.tables import budgets, create
from qlp.config import BudgetSettings, Caps
from qlp.errors import InputError, NotFoundError
from qlp.models._base import Frozen
from qlp.store.engine import Database
from qlp.store.events import utc_now


class Cap(Frozen):
    """One limit that holds for one call."""

    scope: Scope
    subject: str
    period: Period
    nano: int


class Budget(Frozen):
    """A cap and how much of it is used, as users see it. US dollars."""

    scope: Scope
    subject: str
    """The run, the key's id or the user; empty for the tenant itself, `*` for each one."""
    period: Period
    cap_usd: Usd
    used_usd: Usd | None
    """Spent and reserved in this period; None for a cap on each of many."""
    remaining_usd: Usd | None
    resets_at: datetime | None
    """None: never."""
    source: str
    """`settings`, or `set` by the command line or the API."""


_OF = sa.select(budgets).where(
    budgets.c.tenant == sa.bindparam("tenant"), budgets.c.subject.in_(sa.bindparam("subjects", expanding=True))
)


def applicable(
    connection: sa.Connection, settings: BudgetSettings, run_id: str, spender: Spender, run_cap: Decimal | None
) -> list[Cap]:
    """`run_cap` is what the run began with; one that was set for the run since then replaces it."""
    who = subjects(run_id, spender)
    stored = connection.execute(_OF, {"tenant": spender.tenant, "subjects": list(who.values())}).all()
    caps = [
        Cap(scope=r.scope, subject=r.subject, period=r.period, nano=r.cap)
        for r in stored
        if who.get(r.scope) == r.subject
    ]
    if run_cap is not None and not any(cap.scope == "run" for cap in caps):
        caps.append(Cap(scope="run", subject=run_id, period="total", nano=to_nano(run_cap)))
    given: dict[Scope, Caps] = {"tenant": settings.tenants.get(spender.tenant, settings.tenant)}
    given |= {"key": settings.key, "user": settings.user}
    for scope, limits in given.items():
        if scope in who:
            caps += [
                Cap(scope=scope, subject=who[scope], period=period, nano=to_nano(usd))
                for period in PERIODS
                if (usd := getattr(limits, period)) is not None
            ]
    return caps


class BudgetStore:
    """Sets, lists and removes caps of one tenant."""

    def __init__(
        self,
        database: Database,
        settings: BudgetSettings = BudgetSettings(),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        database.write_now(create)

    async def put(self, tenant: str, scope: Scope, subject: str, period: Period, cap: Decimal) -> None:
        """Holds for the next call, on every worker. Raises InputError."""
        check(scope, subject, period, cap)
        values = {"cap": to_nano(cap), "updated_at": self._clock().timestamp()}
        mine = _is(tenant, scope, subject, period)

        def write(connection: sa.Connection) -> None:
            lock(connection, tenant)
            if not connection.execute(budgets.update().where(mine).values(**values)).rowcount:
                row = {"tenant": tenant, "scope": scope, "subject": subject, "period": period}
                connection.execute(budgets.insert().values(**row, **values))

        await self._database.write(write)

    async def remove(self, tenant: str, scope: Scope, subject: str, period: Period) -> None:
        """Raises NotFoundError."""
        done = await self._database.write(
            lambda connection: connection.execute(budgets.delete().where(_is(tenant, scope, subject, period))).rowcount
        )
        if not done:
            raise NotFoundError(f"no budget of {scope} {subject} per {period} was set")

    async def list(self, tenant: str, *, spender: Spender | None = None) -> tuple[Budget, ...]:
        """The tenant's caps; those of the settings on each key and user with the sums of `spender`'s own."""
        now = self._clock()

        def select(connection: sa.Connection) -> tuple[Budget, ...]:
            rows = connection.execute(
                sa.select(budgets)
                .where(budgets.c.tenant == tenant)
                .order_by(budgets.c.scope, budgets.c.subject, budgets.c.period)
            ).all()
            found = [(Cap(scope=r.scope, subject=r.subject, period=r.period, nano=r.cap), "set") for r in rows]
            given: dict[Scope, tuple[str, Caps]] = {
                "tenant": ("", self._settings.tenants.get(tenant, self._settings.tenant)),
                "key": (spender.api_key if spender and spender.api_key else "*", self._settings.key),
                "user": (spender.user if spender and spender.user else "*", self._settings.user),
            }
            for scope, (subject, caps) in given.items():
                found += [
                    (Cap(scope=scope, subject=subject, period=period, nano=to_nano(usd)), "settings")
                    for period in PERIODS
                    if (usd := getattr(caps, period)) is not None
                ]
            return tuple(self._shown(connection, tenant, cap, source, now) for cap, source in found)

        return await self._database.read(select)

    def _shown(self, connection: sa.Connection, tenant: str, cap: Cap, source: str, now: datetime) -> Budget:
        used = None
        if cap.subject != "*":
            account = Account(tenant, cap.scope, cap.subject, name_of(cap.period, now))
            used = known(connection, [account]).get(account)
            used = summed(connection, account, cap.period, now) if used is None else used
        span = bounds(cap.period, now)
        return Budget(
            scope=cap.scope,
            subject=cap.subject,
            period=cap.period,
            cap_usd=to_usd(cap.nano),
            used_usd=None if used is None else to_usd(used),
            remaining_usd=None if used is None else to_usd(max(0, cap.nano - used)),
            resets_at=span[1].astimezone(UTC) if span else None,
            source=source,
        )


def check(scope: Scope, subject: str, period: Period, cap: Decimal) -> None:
    """Raises InputError for a cap that cannot be."""
    if scope == "tenant" and subject:
        raise InputError("a budget of the tenant names nobody: leave the subject out")
    if scope != "tenant" and not subject:
        raise InputError(f"which {scope}? name the one that the budget is for")
    if len(subject) > 128:
        raise InputError("a subject has at most 128 characters")
    if scope == "run" and period != "total":
        raise InputError("the budget of a run is `total`: a run has no months")
    if not cap.is_finite() or cap < 0 or cap > MOST_USD:
        raise InputError(f"a cap is an amount between 0 and {MOST_USD:f} US dollars")


class Filled(NamedTuple):
    """A cap and what it holds already, nano-dollars."""

    cap: Cap
    held: int

    @property
    def room(self) -> int:
        return self.cap.nano - self.held


def filled(connection: sa.Connection, caps: list[Cap], tenant: str, at: datetime) -> list[Filled]:
    """The caller holds the ledger's lock of this tenant."""
    accounts = [Account(tenant, cap.scope, cap.subject, name_of(cap.period, at)) for cap in caps]
    sums = held(connection, {a: cap.period for a, cap in zip(accounts, caps, strict=True)}, at)
    return [Filled(cap, sums[account]) for cap, account in zip(caps, accounts, strict=True)]


def tightest(levels: list[Filled], nano: int) -> Filled | None:
    """None if every cap has room for `nano` more; else the one with the least. What costs nothing always fits."""
    if not nano:
        return None
    return min((level for level in levels if level.room < nano), key=lambda level: level.room, default=None)


def _is(tenant: str, scope: Scope, subject: str, period: Period) -> sa.ColumnElement[bool]:
    return sa.and_(
        budgets.c.tenant == tenant,
        budgets.c.scope == scope,
        budgets.c.subject == subject,
        budgets.c.period == period,
    )
