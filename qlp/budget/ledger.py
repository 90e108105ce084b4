"""Money by reserve-then-settle: a call is paid for before it is made, at most what it can cost.

Every reservation is a row under a key that a replay repeats, so nothing is counted twice; the cap is checked in
the same write transaction, so concurrent calls of one run cannot overshoot it together.
"""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from qlp.errors import BudgetExceededError
from qlp.store.engine import Database
from qlp.store.schema import metadata

entries = sa.Table(
    "ledger",
    metadata,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("reserved_usd", sa.String(32), nullable=False),
    sa.Column("settled_usd", sa.String(32)),
)


class Ledger:
    """What each run has reserved and spent, US dollars."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.write_now(lambda connection: entries.create(connection, checkfirst=True))

    async def reserve(self, run_id: str, key: str, amount: Decimal, cap: Decimal | None) -> None:
        """Raises BudgetExceededError if `amount` on top of what the run holds already would pass `cap`."""

        def write(connection: sa.Connection) -> None:
            held = sum((_held(row) for row in self._rows(connection, run_id) if row.key != key), Decimal(0))
            if cap is not None and held + amount > cap:
                raise BudgetExceededError(
                    f"the next model call may cost up to ${amount:.4f}; ${held:.4f} of the cap of ${cap} is used: "
                    "raise --max-cost or choose a cheaper model",
                    cap_usd=str(cap),
                    used_usd=str(held),
                )
            connection.execute(entries.delete().where(entries.c.run_id == run_id, entries.c.key == key))
            connection.execute(entries.insert().values(run_id=run_id, key=key, reserved_usd=str(amount)))

        await self._database.write(write)

    async def settle(self, run_id: str, key: str, amount: Decimal) -> None:
        """Replace the reservation by what the call really cost."""
        where = (entries.c.run_id == run_id, entries.c.key == key)
        await self._database.write(
            lambda connection: connection.execute(entries.update().where(*where).values(settled_usd=str(amount)))
        )

    async def spent(self, run_id: str) -> Decimal:
        """Settled costs, and reservations of calls that have not ended."""
        return await self._database.read(
            lambda connection: sum((_held(row) for row in self._rows(connection, run_id)), Decimal(0))
        )

    def _rows(self, connection: sa.Connection, run_id: str) -> list[sa.Row[tuple[str, str, str, str]]]:
        return list(connection.execute(sa.select(entries).where(entries.c.run_id == run_id)))


def _held(row: sa.Row[tuple[str, str, str, str]]) -> Decimal:
    return Decimal(row.settled_usd if row.settled_usd is not None else row.reserved_usd)
