"""Tables of parts that make them when they are first used."""

from __future__ import annotations

import sqlalchemy as sa

from qlp.store.engine import Database

_CREATING = 5_108_420
"""Key of the advisory lock: PostgreSQL's CREATE TABLE IF NOT EXISTS fails when two sessions run it together."""


def ensure(database: Database, table: sa.Table) -> None:
    """Make `table` if it is not there; any number of processes may call this together. Raises StorageError."""

    def create(connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATING)))
        table.create(connection, checkfirst=True)

    database.write_now(create)
