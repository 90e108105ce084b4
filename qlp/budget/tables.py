"""The tables of money, and the way of older databases to them."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from qlp.budget.money import to_nano
from qlp.models.run import LOCAL_TENANT
from qlp.store.schema import metadata

_NANO = sa.BigInteger()

spend = sa.Table(
    "spend",
    metadata,
    sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("call_key", sa.String(255), nullable=False),
    sa.Column("attempt", sa.String(32), nullable=False),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("api_key", sa.String(64), nullable=False, default=""),
    sa.Column("user_id", sa.String(128), nullable=False, default=""),
    sa.Column("task", sa.String(128), nullable=False, default=""),
    sa.Column("tier", sa.String(8), nullable=False, default=""),
    sa.Column("model", sa.String(255), nullable=False, default=""),
    sa.Column("state", sa.String(10), nullable=False),  # reserved, settled, assumed, released
    sa.Column("reserved", _NANO, nullable=False),
    sa.Column("held", _NANO, nullable=False),  # what budgets count: reserved, then what it really cost
    sa.Column("priced", sa.Boolean, nullable=False, default=True),  # False: the price was unknown
    sa.Column("reserved_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.Column("ended_at", sa.Double),
    sa.Column("calls", sa.Integer, nullable=False, default=0),
    sa.Column("input_tokens", sa.BigInteger, nullable=False, default=0),
    sa.Column("output_tokens", sa.BigInteger, nullable=False, default=0),
    sa.Column("cached_tokens", sa.BigInteger, nullable=False, default=0),
    sa.Column("cache_write_tokens", sa.BigInteger, nullable=False, default=0),
    sa.Column("reasoning_tokens", sa.BigInteger, nullable=False, default=0),
    sa.Column("gpu_ms", sa.BigInteger, nullable=False, default=0),
    sa.UniqueConstraint("run_id", "call_key", "attempt"),
    sa.Index("spend_by_tenant", "tenant", "reserved_at"),
    sa.Index("spend_by_state", "state", "expires_at"),
)
"""One row an attempt at a model call; `held` is 0 for a released one."""

budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("tenant", sa.String(64), primary_key=True),
    sa.Column("scope", sa.String(8), primary_key=True),  # run, key, user, tenant
    sa.Column("subject", sa.String(128), primary_key=True),  # "" for the tenant itself
    sa.Column("period", sa.String(8), primary_key=True),
    sa.Column("cap", _NANO, nullable=False),
    sa.Column("updated_at", sa.Double, nullable=False),
)

balances = sa.Table(
    "balances",
    metadata,
    sa.Column("account", sa.String(255), primary_key=True),  # the four below in one
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("scope", sa.String(8), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False),
    sa.Column("period", sa.String(10), nullable=False),  # such as 2026-11-22, 2026-11, total
    sa.Column("held", _NANO, nullable=False),
)
"""Sum of `held` of what a cap counts, kept in the same transactions; made when a cap first asks for it."""


def create(connection: sa.Connection) -> None:
    """Make what is missing and take over the ledger of version 1. Idempotent, in the caller's transaction."""
    for table in (spend, budgets, balances):
        table.create(connection, checkfirst=True)
    if sa.inspect(connection).has_table("ledger"):
        _take_over(connection)


def _take_over(connection: sa.Connection) -> None:
    """Version 1 kept amounts as text, without tenant, model or time; its open reservations count as spent."""
    old = sa.Table("ledger", sa.MetaData(), autoload_with=connection)
    runs = {}
    if sa.inspect(connection).has_table("runs"):
        table = sa.table("runs", sa.column("id"), sa.column("tenant"), sa.column("created_at"))
        runs = {row.id: row for row in connection.execute(sa.select(table))}
    for row in connection.execute(sa.select(old)).all():
        run = runs.get(row.run_id)
        at = run.created_at if run else 0.0
        connection.execute(
            spend.insert().values(
                run_id=row.run_id,
                call_key=row.key,
                attempt="",
                tenant=run.tenant if run else LOCAL_TENANT,
                state="assumed" if row.settled_usd is None else "settled",
                reserved=to_nano(Decimal(row.reserved_usd)),
                held=to_nano(Decimal(row.reserved_usd if row.settled_usd is None else row.settled_usd)),
                reserved_at=at,
                expires_at=at,
                ended_at=at,
                calls=1,
            )
        )
    old.drop(connection)
