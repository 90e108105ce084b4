from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from qlp.errors import StorageError
from qlp.models import Request
from qlp.store import Database, RunStore, schema, sqlite_url
from qlp.store import engine as engine_module

pytestmark = pytest.mark.unit


def open_store(home: Path) -> Database:
    database = Database(sqlite_url(home))
    schema.create_all(database)
    return database


def test_sqlite_is_durable_and_does_not_block_readers(tmp_path: Path) -> None:
    database = open_store(tmp_path)
    pragma = {
        name: database.read_now(lambda c, n=name: c.exec_driver_sql(f"PRAGMA {n}").scalar())  # type: ignore[misc]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    database = open_store(tmp_path)
    database.write_now(lambda c: c.execute(schema.meta.update().values(value=str(schema.SCHEMA_VERSION + 1))))
    with pytest.raises(StorageError, match="newer"):
        schema.create_all(database)
    database.close()


def test_opening_twice_keeps_what_is_there(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    database = open_store(tmp_path)
    assert database.read_now(lambda c: c.scalar(sa.select(sa.func.count()).select_from(schema.meta))) == 1
    database.close()


async def test_a_full_disk_is_a_storage_error_and_nothing_is_half_written(tmp_path: Path) -> None:
    database = open_store(tmp_path)
    runs = RunStore(database)
    await runs.create(Request(text="small"), tenant="a", queue_limit=10)

    def cap(dbapi_connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        pages = dbapi_connection.execute("PRAGMA page_count").fetchone()[0]
        dbapi_connection.execute(f"PRAGMA max_page_count={pages + 1}")

    sa.event.listen(database.engine, "checkout", cap)
    with pytest.raises(StorageError, match="full"):
        await runs.create(Request(text="x" * 30_000), tenant="a", queue_limit=10)
    sa.event.remove(database.engine, "checkout", cap)
    assert len((await runs.list(tenant="a")).data) == 1
    database.close()


async def test_a_locked_store_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_MS", 50)
    database = open_store(tmp_path)
    other = sqlite3.connect(str(database.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="locked"):
        await RunStore(database).create(Request(text="x"), tenant="a", queue_limit=10)
    other.execute("ROLLBACK")
    other.close()
    database.close()


def test_the_folder_is_for_its_owner(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700
