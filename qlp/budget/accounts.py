"""What budgets count: one account for each scope and period that a call falls into, and its running sum."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa

from qlp.budget.call import Scope, Spender
from qlp.budget.periods import PERIODS, Period, bounds, name_of
from qlp.budget.tables import balances, spend


class Account(NamedTuple):
    tenant: str
    scope: Scope
    subject: str
    """Run, key or user; empty for the tenant itself."""
    period: str
    """Such as `2026-11`."""

    @property
    def name(self) -> str:
        """Unique whatever the tenant and the subject are called."""
        return f"{self.scope}:{self.period}:{len(self.tenant)}:{self.tenant}:{self.subject}"


# Built once: the ledger runs them for every call.
_NAMES: sa.BindParameter[str] = sa.bindparam("names", expanding=True)
_GET = sa.select(balances.c.account, balances.c.held).where(balances.c.account.in_(_NAMES))
_ADD = (
    balances.update()
    .where(balances.c.account.in_(_NAMES))
    .values(held=balances.c.held + sa.bindparam("nano", type_=sa.BigInteger))
)


def subjects(run_id: str, spender: Spender) -> dict[Scope, str]:
    """Who a call counts for; a key or user that is not known has no budget."""
    known: dict[Scope, str] = {"tenant": "", "run": run_id}
    if spender.api_key:
        known["key"] = spender.api_key
    if spender.user:
        known["user"] = spender.user
    return known


def accounts_of(run_id: str, spender: Spender, at: datetime) -> list[Account]:
    """Every account that a call of this time counts towards, whether a cap asks for it or not."""
    return [
        Account(spender.tenant, scope, subject, name_of(period, at))
        for scope, subject in subjects(run_id, spender).items()
        for period in (PERIODS if scope != "run" else ("total",))
    ]


def lock(connection: sa.Connection, tenant: str) -> None:
    """One step of a tenant at a time, until the transaction ends. SQLite's writers are alone already."""
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(f"qlp.money.{tenant}".encode()).digest()[:8], "big", signed=True)
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def held(connection: sa.Connection, accounts: Mapping[Account, Period], at: datetime) -> dict[Account, int]:
    """Nano-dollars in each account; one that nobody asked for before is opened with the sum of all that counts.

    The caller holds the ledger's lock of this tenant.
    """
    sums = known(connection, accounts)
    for account, period in accounts.items():
        if account not in sums:
            sums[account] = summed(connection, account, period, at)
            row = {**account._asdict(), "account": account.name, "held": sums[account]}
            connection.execute(balances.insert(), row)
    return sums


def known(connection: sa.Connection, accounts: Iterable[Account]) -> dict[Account, int]:
    """Those of the accounts that are open."""
    by_name = {account.name: account for account in accounts}
    if not by_name:
        return {}
    return {by_name[row.account]: row.held for row in connection.execute(_GET, {"names": list(by_name)})}


def summed(connection: sa.Connection, account: Account, period: Period, at: datetime) -> int:
    """The same from the calls themselves."""
    query = sa.select(sa.func.coalesce(sa.func.sum(spend.c.held), 0)).where(spend.c.tenant == account.tenant)
    column = {"run": spend.c.run_id, "key": spend.c.api_key, "user": spend.c.user_id, "tenant": None}[account.scope]
    if column is not None:
        query = query.where(column == account.subject)
    span = bounds(period, at)
    if span is not None:
        query = query.where(spend.c.reserved_at >= span[0].timestamp(), spend.c.reserved_at < span[1].timestamp())
    return int(connection.scalar(query) or 0)


def add(connection: sa.Connection, accounts: Iterable[Account], nano: int) -> None:
    """Add to those of the accounts that are open; the others will be summed when they are opened."""
    if nano:
        connection.execute(_ADD, {"names": [account.name for account in accounts], "nano": nano})


def drift(connection: sa.Connection) -> dict[Account, tuple[int, int]]:
    """Accounts whose running sum is not the sum of their calls: (running, summed). Always empty, or a defect."""
    wrong = {}
    for row in connection.execute(sa.select(balances)).all():
        account = Account(row.tenant, row.scope, row.subject, row.period)
        period, at = _parsed(row.period)
        real = summed(connection, account, period, at)
        if real != row.held:
            wrong[account] = (row.held, real)
    return wrong


def _parsed(name: str) -> tuple[Period, datetime]:
    if name == "total":
        return "total", datetime.fromtimestamp(0, UTC)
    if len(name) == len("2026-11"):
        return "month", datetime.strptime(name + "-01+0000", "%Y-%m-%d%z")
    return "day", datetime.strptime(name + "+0000", "%Y-%m-%d%z")
