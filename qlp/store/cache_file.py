"""A bounded cache in one SQLite file below `$QLP_HOME`, shared by all processes of a node, least recently used out."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)

_LAYOUT = 1
_BUSY_S = 5.0
_LARGEST_SHARE = 8
"""One entry may take up this fraction of the cache at most."""
_INFLATED = 268_435_456
"""A damaged or planted entry must not fill the memory."""


class CacheFile:
    """Entries are bytes by key, compressed, each with its checksum; a damaged one, or a damaged file, is dropped.

    Every method blocks and none raises: a cache that does not work costs time, never an answer. What goes wrong is
    logged. Use it from any thread.
    """

    def __init__(
        self,
        file: Path,
        table: str,
        *,
        what: str,
        max_bytes: int,
        max_age_s: float | None = None,
        more_schema: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`table` names the entries' table (our own constant: it becomes part of SQL), `what` one entry in messages,
        `more_schema` further tables for `transact`. Touches nothing yet."""
        self._file = file
        self._table = table
        self._what = what
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._schema = (
            f"CREATE TABLE IF NOT EXISTS {table} (key TEXT PRIMARY KEY, body BLOB NOT NULL, digest TEXT NOT NULL,"
            " size INTEGER NOT NULL, created REAL NOT NULL, used REAL NOT NULL) WITHOUT ROWID;\n"
            f"CREATE INDEX IF NOT EXISTS {table}_used ON {table}(used);\n{more_schema}"
        )
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def get(self, key: str, read: Callable[[bytes, float], T | None]) -> T | None:
        """What `read` makes of the entry and of the time when it was stored (seconds since the epoch). None if there
        is no entry; where `read` answers None the entry is dropped as damaged."""
        return self.transact(lambda db: self._get(db, key, read), None)

    def put(self, key: str, body: bytes) -> None:
        """What is too large is left out."""
        self.transact(lambda db: self._put(db, key, body), None)

    def transact(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        with self._lock:
            for last in (False, True):
                try:
                    db = self._open()
                    with db:
                        db.execute("BEGIN IMMEDIATE")
                        return work(db)
                except sqlite3.OperationalError as error:  # locked, full, read-only
                    log.warning("the %s cache %s cannot be used: %s", self._what, self._file, error)
                    self._drop_connection()
                    return otherwise
                except sqlite3.DatabaseError as error:
                    log.warning("the %s cache %s is damaged and made anew: %s", self._what, self._file, error)
                    self._drop_connection()
                    if last or not self._remove():
                        return otherwise
                except OSError as error:
                    log.warning("the %s cache %s cannot be used: %s", self._what, self._file, error)
                    return otherwise
        return otherwise

    def close(self) -> None:
        with self._lock:
            self._drop_connection()

    def _get(self, db: sqlite3.Connection, key: str, read: Callable[[bytes, float], T | None]) -> T | None:
        row = db.execute(f"SELECT body, digest, created FROM {self._table} WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        packed, digest, created = row
        now = self._clock()
        if self._max_age_s is not None and not 0 <= now - created <= self._max_age_s:
            db.execute(f"DELETE FROM {self._table} WHERE key = ?", (key,))
            return None
        body = _inflated(packed) if checksum(key, packed) == digest else None
        found = None if body is None else read(body, created)
        if found is None:
            log.warning("a damaged %s was dropped from %s", self._what, self._file)
            db.execute(f"DELETE FROM {self._table} WHERE key = ?", (key,))
            return None
        db.execute(f"UPDATE {self._table} SET used = ? WHERE key = ?", (now, key))
        return found

    def _put(self, db: sqlite3.Connection, key: str, body: bytes) -> None:
        packed = zlib.compress(body, 3)
        if len(packed) * _LARGEST_SHARE > self._max_bytes:
            log.info("a %s of %d bytes is too large for the cache", self._what, len(packed))
            return
        now = self._clock()
        db.execute(
            f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?, ?, ?, ?, ?)",
            (key, packed, checksum(key, packed), len(packed), now, now),
        )
        total = int(db.execute(f"SELECT COALESCE(SUM(size), 0) FROM {self._table}").fetchone()[0])
        if total <= self._max_bytes:
            return
        for old, size in db.execute(f"SELECT key, size FROM {self._table} ORDER BY used, key").fetchall():
            if total <= self._max_bytes:
                break
            db.execute(f"DELETE FROM {self._table} WHERE key = ?", (old,))
            total -= size

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            db = sqlite3.connect(self._file, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            try:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=NORMAL")
                if db.execute("PRAGMA user_version").fetchone()[0] not in (0, _LAYOUT):
                    raise sqlite3.DatabaseError("made by another version of QLP")
                db.executescript(self._schema)
                db.execute(f"PRAGMA user_version={_LAYOUT}")
            except BaseException:
                db.close()
                raise
            self._connection = db
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _remove(self) -> bool:
        try:
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            log.warning("the damaged %s cache %s cannot be removed: %s", self._what, self._file, error)
            return False
        return True


def checksum(key: str, body: bytes) -> str:
    return hashlib.sha256(key.encode() + b"\0" + body).hexdigest()


def _inflated(packed: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(packed, _INFLATED)
    except zlib.error:
        return None
