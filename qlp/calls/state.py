"""Where limits and breakers are kept."""

from __future__ import annotations

from pathlib import Path

from qlp.store.engine import Database, sqlite_url


def calls_database(database: Database, home: Path) -> Database:
    """PostgreSQL: the database itself. SQLite: a file of its own beside it, whose commits wait for no disk, since a
    minute's counts are worth nothing after a crash of the machine, and whose writer stops no run's."""
    if database.url.get_backend_name() == "sqlite":
        return Database(sqlite_url(home, "calls.db"), durable=False)
    return database
