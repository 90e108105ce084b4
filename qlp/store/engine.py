"""One engine a process; every statement runs in a thread so that no event loop waits for a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url

from qlp.errors import StorageError

T = TypeVar("T")

BUSY_TIMEOUT_MS = 10_000
"""How long SQLite waits for another writer before it gives up."""


def sqlite_url(home: Path, name: str = "qlp.db") -> URL:
    """URL of a database file below `home`/store; the folder is made (mode 0700)."""
    folder = home / "store"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return URL.create("sqlite", database=str(folder / name))


class Database:
    """A thread-backed handle: `read` and `write` take a function of a connection and run it in a transaction.

    Writers take SQLite's lock at the start (BEGIN IMMEDIATE): a transaction that reads before it writes cannot
    fail half-way with SQLITE_BUSY, and counts that it read (queue length, last sequence) stay true until commit.
    """

    def __init__(self, url: URL | str, *, durable: bool = True) -> None:
        """`durable` False: what SQLite committed last may be lost when the machine (not the process) goes down. For
        state that is worth nothing after that; a commit then waits for no disk."""
        self.url = make_url(url)
        self._sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = sa.create_engine(self.url, pool_pre_ping=not self._sqlite)
        if self._sqlite:
            event.listen(self.engine, "connect", partial(_prepare_sqlite, "FULL" if durable else "NORMAL"))
            event.listen(self.engine, "begin", _begin_sqlite)

    async def read(self, fn: Callable[[sa.Connection], T]) -> T:
        """Raises StorageError."""
        return await asyncio.to_thread(self.read_now, fn)

    async def write(self, fn: Callable[[sa.Connection], T]) -> T:
        """Commits when `fn` returns, rolls back when it raises. Raises StorageError."""
        return await asyncio.to_thread(self.write_now, fn)

    def read_now(self, fn: Callable[[sa.Connection], T]) -> T:
        return self._transact(fn, "BEGIN")

    def write_now(self, fn: Callable[[sa.Connection], T]) -> T:
        return self._transact(fn, "BEGIN IMMEDIATE")

    def _transact(self, fn: Callable[[sa.Connection], T], begin: str) -> T:
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(qlp_begin=begin)
                with connection.begin():
                    return fn(connection)
        except sa.exc.IntegrityError:
            raise
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as e:
            cause = getattr(e, "orig", None) or e
            raise StorageError(f"the store {self._where()} cannot be used: {cause}") from e

    def _where(self) -> str:
        return self.url.render_as_string(hide_password=True)

    def close(self) -> None:
        self.engine.dispose()


def _prepare_sqlite(synchronous: str, dbapi_connection: Any, _record: object) -> None:
    # autocommit mode of the driver: SQLAlchemy's begin event decides which BEGIN is sent
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql(str(connection.get_execution_options().get("qlp_begin", "BEGIN")))
