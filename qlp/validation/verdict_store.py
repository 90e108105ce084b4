"""The verdict cache on disk: one SQLite file below `$QLP_HOME`, shared by all processes, least recently used out."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import sqlite3
import threading
import time
import weakref
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from qlp.config import Settings
from qlp.models import Verdict
from qlp.validation.flight import Flights
from qlp.validation.identity import Versions

T = TypeVar("T")
log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS verdicts (
  key TEXT PRIMARY KEY, body BLOB NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
  created REAL NOT NULL, used REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS verdicts_used ON verdicts(used);
CREATE TABLE IF NOT EXISTS versions (
  key TEXT PRIMARY KEY, body TEXT NOT NULL, digest TEXT NOT NULL, used REAL NOT NULL
) WITHOUT ROWID;
"""
_LAYOUT = 1
_BUSY_S = 5.0
_LARGEST_SHARE = 8
"""One verdict may take up this fraction of the cache at most."""
_MOST_VERSIONS = 500
_INFLATED = 268_435_456
"""A damaged or planted entry must not fill the memory."""


def open_verdict_cache(settings: Settings) -> VerdictStore | None:
    """The cache of these settings; None where it is turned off (`validation.cache_mb: 0`). Touches nothing yet."""
    if settings.validation.cache_mb == 0:
        return None
    return VerdictStore(settings.home / "cache" / "verdicts.db", max_bytes=settings.validation.cache_mb * 1_048_576)


class VerdictStore:
    """Implements `VerdictCache`. Every entry carries its checksum; a damaged one, or a damaged file, is dropped."""

    def __init__(self, file: Path, *, max_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._flights: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Flights] = weakref.WeakKeyDictionary()

    @property
    def flights(self) -> Flights:
        return self._flights.setdefault(asyncio.get_running_loop(), Flights())

    async def get(self, key: str) -> Verdict | None:
        return await asyncio.to_thread(self._guarded, lambda db: self._get(db, key), None)

    async def put(self, key: str, verdict: Verdict) -> None:
        await asyncio.to_thread(self._guarded, lambda db: self._put(db, key, verdict), None)

    async def versions(self, key: str) -> Versions | None:
        return await asyncio.to_thread(self._guarded, lambda db: self._versions(db, key), None)

    async def remember_versions(self, key: str, versions: Versions) -> None:
        await asyncio.to_thread(self._guarded, lambda db: self._remember(db, key, versions), None)

    def close(self) -> None:
        with self._lock:
            self._drop_connection()

    def _get(self, db: sqlite3.Connection, key: str) -> Verdict | None:
        row = db.execute("SELECT body, digest, created FROM verdicts WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        body, digest, created = row
        verdict = _read(key, body, digest)
        if verdict is None:
            log.warning("a damaged verdict was dropped from %s", self._file)
            db.execute("DELETE FROM verdicts WHERE key = ?", (key,))
            return None
        db.execute("UPDATE verdicts SET used = ? WHERE key = ?", (self._clock(), key))
        return verdict.model_copy(update={"cached_at": datetime.fromtimestamp(created, UTC)})

    def _put(self, db: sqlite3.Connection, key: str, verdict: Verdict) -> None:
        body = zlib.compress(verdict.model_dump_json().encode("utf-8", "surrogatepass"), 3)
        if len(body) * _LARGEST_SHARE > self._max_bytes:
            log.info("a verdict of %d bytes is too large for the cache", len(body))
            return
        now = self._clock()
        db.execute(
            "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?)",
            (key, body, _digest(key, body), len(body), now, now),
        )
        total = int(db.execute("SELECT COALESCE(SUM(size), 0) FROM verdicts").fetchone()[0])
        if total <= self._max_bytes:
            return
        for old, size in db.execute("SELECT key, size FROM verdicts ORDER BY used, key").fetchall():
            if total <= self._max_bytes:
                break
            db.execute("DELETE FROM verdicts WHERE key = ?", (old,))
            total -= size

    def _versions(self, db: sqlite3.Connection, key: str) -> Versions | None:
        row = db.execute("SELECT body, digest FROM versions WHERE key = ?", (key,)).fetchone()
        if row is None or _digest(key, str(row[0]).encode()) != row[1]:
            return None
        found = json.loads(row[0])
        return {str(tool): str(version) for tool, version in found.items()}

    def _remember(self, db: sqlite3.Connection, key: str, versions: Versions) -> None:
        body = json.dumps(versions, sort_keys=True)
        db.execute(
            "INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?)",
            (key, body, _digest(key, body.encode()), self._clock()),
        )
        db.execute(
            "DELETE FROM versions WHERE key NOT IN (SELECT key FROM versions ORDER BY used DESC LIMIT ?)",
            (_MOST_VERSIONS,),
        )

    def _guarded(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """In one transaction. A cache that does not work costs time, never a verdict: what goes wrong is logged."""
        with self._lock:
            for last in (False, True):
                try:
                    db = self._open()
                    with db:
                        db.execute("BEGIN IMMEDIATE")
                        return work(db)
                except sqlite3.OperationalError as error:  # locked, full, read-only
                    log.warning("the verdict cache %s cannot be used: %s", self._file, error)
                    self._drop_connection()
                    return otherwise
                except sqlite3.DatabaseError as error:
                    log.warning("the verdict cache %s is damaged and made anew: %s", self._file, error)
                    self._drop_connection()
                    if last or not self._remove():
                        return otherwise
                except OSError as error:
                    log.warning("the verdict cache %s cannot be used: %s", self._file, error)
                    return otherwise
        return otherwise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            db = sqlite3.connect(self._file, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            try:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=NORMAL")
                if db.execute("PRAGMA user_version").fetchone()[0] not in (0, _LAYOUT):
                    raise sqlite3.DatabaseError("made by another version of QLP")
                db.executescript(_SCHEMA)
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
            log.warning("the damaged verdict cache %s cannot be removed: %s", self._file, error)
            return False
        return True


def _digest(key: str, body: bytes) -> str:
    return hashlib.sha256(key.encode() + b"\0" + body).hexdigest()


def _read(key: str, body: bytes, digest: str) -> Verdict | None:
    if _digest(key, body) != digest:
        return None
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(body, _INFLATED)
        return Verdict.model_validate_json(text)
    except (zlib.error, ValidationError):  # the latter: stored by a version with other fields
        return None
