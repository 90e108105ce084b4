"""Money by reserve-then-settle: a call is paid for before it is made, at the most that it can cost.

Each step is one transaction over all budgets of the call, and steps of one tenant follow each other (SQLite has one
writer; on PostgreSQL an advisory lock). What counts for a budget is `held`: the reservation while the call is out,
then what it cost. So concurrent callers cannot overshoot a cap together, whatever the order of their steps is.

A caller that dies leaves its reservation. After `expires_at` it is `assumed`: nobody knows whether the provider
charged, so it goes on to count in full, and nothing has to be added up again. A late answer still settles it. A call
that is repeated after a crash is another attempt with a reservation of its own: a provider may charge both.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa

from qlp.budget.accounts import Account, accounts_of, add, drift, lock
from qlp.budget.call import Call, Reservation, Spender
from qlp.budget.caps import Cap, Filled, applicable, filled, tightest
from qlp.budget.money import shown, to_nano, to_usd
from qlp.budget.periods import bounds, name_of
from qlp.budget.tables import create, spend
from qlp.config import BudgetSettings
from qlp.errors import BudgetExceededError, UnpricedModelError
from qlp.models import Usage
from qlp.models.run import LOCAL_TENANT
from qlp.store import schema
from qlp.store.engine import Database
from qlp.store.events import append, utc_now

log = logging.getLogger(__name__)

WARN_SHARE = Decimal("0.8")
"""Share of a cap from which on a run is told that it will be reached."""
_EXPIRED_AT_ONCE = 100


class Ledger:
    """What calls have reserved and spent."""

    def __init__(
        self,
        database: Database,
        settings: BudgetSettings = BudgetSettings(),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

        def prepare(connection: sa.Connection) -> bool:
            create(connection)
            inspector = sa.inspect(connection)
            return inspector.has_table("runs") and "api_key" in {c["name"] for c in inspector.get_columns("runs")}

        self._has_runs = database.write_now(prepare)

    async def reserve(
        self, call: Call, amount: Decimal | None, *, cap: Decimal | None = None, timeout_s: float = 120.0
    ) -> Reservation:
        """Set `amount` aside in every budget of the call, or in none. The same attempt again is the same reservation.

        `cap` is the run's own; `amount` None is a call of unknown price, which only goes where nothing is capped.
        Raises BudgetExceededError, UnpricedModelError.
        """
        now = self._clock()
        nano = 0 if amount is None else to_nano(amount)

        def write(connection: sa.Connection) -> Reservation:
            spender = self._spender(connection, call)
            lock(connection, spender.tenant)
            known = connection.execute(sa.select(spend).where(*_same(call))).one_or_none()
            mine = call.model_copy(update={"spender": spender})
            if known is not None:
                at = datetime.fromtimestamp(known.reserved_at, UTC)
                return Reservation(id=known.position, call=mine, nano=known.reserved, at=at)
            caps = applicable(connection, self._settings, call.run_id, spender, cap)
            if amount is None and caps:
                raise _unpriced(caps[0])
            levels = filled(connection, caps, spender.tenant, now)
            full = tightest(levels, nano)
            if full is not None:
                raise _exceeded(call, full, nano, now)
            if self._has_runs:
                _warn(connection, call.run_id, levels, now)
            add(connection, accounts_of(call.run_id, spender, now), nano)
            row = connection.execute(
                spend.insert()
                .values(
                    run_id=call.run_id,
                    call_key=call.stored_key,
                    attempt=call.attempt,
                    tenant=spender.tenant,
                    api_key=spender.api_key,
                    user_id=spender.user,
                    task=call.task,
                    tier=call.tier,
                    model=call.model,
                    state="reserved",
                    reserved=nano,
                    held=nano,
                    priced=amount is not None,
                    reserved_at=now.timestamp(),
                    expires_at=now.timestamp() + timeout_s + self._settings.grace_s,
                )
                .returning(spend.c.position)
            )
            return Reservation(id=row.scalar_one(), call=mine, nano=nano, at=now)

        return await self._database.write(write)

    async def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Replace the reservation by what the call really cost; `usage.cost_usd` None leaves it counted in full.

        The first settlement of an attempt stays.
        """
        cost = None if usage.cost_usd is None else to_nano(usage.cost_usd)
        if cost is not None and cost > reservation.nano:
            log.warning(
                "%s cost %s, more than the %s that were set aside for it",
                reservation.call.model,
                shown(to_usd(cost)),
                shown(to_usd(reservation.nano)),
            )
        values = {
            "calls": max(1, usage.calls),
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "gpu_ms": round(usage.gpu_seconds * 1000),
        }
        if cost is None:
            await self._end(reservation, "assumed", reservation.nano, {**values, "priced": False})
        else:
            await self._end(reservation, "settled", cost, {**values, "priced": True})

    async def release(self, reservation: Reservation) -> None:
        """Of a call that surely cost nothing."""
        await self._end(reservation, "released", 0, {})

    async def assume(self, reservation: Reservation) -> None:
        """Of a call that may have cost something, nobody knows how much: it counts in full."""
        await self._end(reservation, "assumed", reservation.nano, {"calls": 1})

    async def expire(self) -> int:
        """Reservations whose caller must be dead become `assumed`; how many. What budgets count stays the same."""
        now = self._clock().timestamp()

        def write(connection: sa.Connection) -> int:
            late = (
                sa.select(spend.c.position)
                .where(spend.c.state == "reserved", spend.c.expires_at < now)
                .limit(_EXPIRED_AT_ONCE)
            )
            update = spend.update().where(spend.c.position.in_(late.scalar_subquery()), spend.c.state == "reserved")
            return connection.execute(update.values(state="assumed", ended_at=spend.c.expires_at, calls=1)).rowcount

        total = 0
        while (done := await self._database.write(write)) > 0:
            total += done
        return total

    async def check(self, spender: Spender, run_id: str = "") -> None:
        """Raises BudgetExceededError if a budget has nothing left, before work is begun that needs it."""
        now = self._clock()

        def look(connection: sa.Connection) -> None:
            lock(connection, spender.tenant)
            caps = applicable(connection, self._settings, run_id, spender, None)
            full = tightest(filled(connection, caps, spender.tenant, now), 1)
            if full is not None:
                raise _exceeded(None, full, 1, now)

        await self._database.write(look)

    async def spent(self, run_id: str) -> Decimal:
        """Settled costs, and reservations of calls that have not ended, US dollars."""
        query = sa.select(sa.func.coalesce(sa.func.sum(spend.c.held), 0)).where(spend.c.run_id == run_id)
        return to_usd(int(await self._database.read(lambda connection: connection.scalar(query)) or 0))

    async def spender_of(self, run_id: str) -> Spender:
        """Whose a run is; the local tenant for an id that is no run's."""
        return await self._database.read(lambda connection: self._whose_run(connection, run_id))

    async def drift(self) -> dict[Account, tuple[int, int]]:
        """Accounts whose running sum differs from the sum of their calls; always empty, or a defect."""
        return await self._database.write(drift)

    def _spender(self, connection: sa.Connection, call: Call) -> Spender:
        given = call.spender
        if given.tenant:
            return given
        own = self._whose_run(connection, call.run_id)
        return Spender(tenant=own.tenant, api_key=given.api_key or own.api_key, user=given.user or own.user)

    def _whose_run(self, connection: sa.Connection, run_id: str) -> Spender:
        table = schema.runs
        row = None
        if self._has_runs:
            row = connection.execute(
                sa.select(table.c.tenant, table.c.api_key, table.c.user_id).where(table.c.id == run_id)
            ).one_or_none()
        if row is None:
            return Spender(tenant=LOCAL_TENANT)
        return Spender(tenant=row.tenant, api_key=row.api_key or "", user=row.user_id or "")

    async def _end(self, reservation: Reservation, state: str, nano: int, values: dict[str, object]) -> None:
        call, now = reservation.call, self._clock()

        def write(connection: sa.Connection) -> None:
            lock(connection, call.spender.tenant)
            mine = spend.c.position == reservation.id
            row = connection.execute(sa.select(spend.c.state, spend.c.held).where(mine)).one()
            if row.state in ("settled", "released"):
                return
            connection.execute(
                spend.update().where(mine).values(state=state, held=nano, ended_at=now.timestamp(), **values)
            )
            add(connection, accounts_of(call.run_id, call.spender, reservation.at), nano - row.held)

        await self._database.write(write)


def _same(call: Call) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        spend.c.run_id == call.run_id,
        spend.c.call_key == call.stored_key,
        spend.c.attempt == call.attempt,
    )


def _whose(cap: Cap) -> str:
    name = {"run": "the run", "key": f"API key {cap.subject}", "user": f"user {cap.subject}", "tenant": "the tenant"}
    period = {"total": "", "day": " for today (UTC)", "month": " for this month (UTC)"}
    return f"{name[cap.scope]}{period[cap.period]}"


def _warn(connection: sa.Connection, run_id: str, levels: list[Filled], now: datetime) -> None:
    """Once a run and cap, in its event log: the cap will be reached soon."""
    for cap, held in levels:
        if cap.nano and held >= cap.nano * WARN_SHARE:
            status = connection.scalar(sa.select(schema.runs.c.status).where(schema.runs.c.id == run_id))
            if status != "working":
                return
            data = {
                "scope": cap.scope,
                "subject": cap.subject,
                "period": cap.period,
                "cap_usd": f"{to_usd(cap.nano):f}",
                "used_usd": f"{to_usd(held):f}",
            }
            key = f"budget:{cap.scope}:{name_of(cap.period, now)}:{cap.nano}"
            append(connection, run_id, key, "run.budget.warning", data, now)


def _exceeded(call: Call | None, full: Filled, nano: int, now: datetime) -> BudgetExceededError:
    cap, has = full
    limit, used, most = to_usd(cap.nano), to_usd(has), to_usd(nano)
    if cap.scope == "run":
        todo = f"qlp runs resume {cap.subject} --max-cost {_enough(has + nano)}, or choose a cheaper model"
    else:
        todo = f"raise it with `qlp budget set {cap.scope}`, or wait until it begins again"
    what = f"the next call of {call.model} may cost up to {shown(most)}; " if call else ""
    span = bounds(cap.period, now)
    return BudgetExceededError(
        f"{what}{shown(used)} of the cap of ${limit:f} of {_whose(cap)} is used: {todo}",
        scope=cap.scope,
        subject=cap.subject,
        period=cap.period,
        cap_usd=f"{limit:f}",
        used_usd=f"{used:f}",
        call_usd=f"{most:f}",
        needed_usd=str(_enough(has + nano)),
        model=call.model if call else "",
        resets_at=span[1].isoformat() if span else None,
    )


def _enough(nano: int) -> Decimal:
    """A cap with room for the refused call, rounded up to a cent."""
    cent = 10_000_000
    return (Decimal(-(-nano // cent)) / 100).quantize(Decimal("0.01"))


def _unpriced(cap: Cap) -> UnpricedModelError:
    return UnpricedModelError(f"the cap of {_whose(cap)} cannot be kept")
