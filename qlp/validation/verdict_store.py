"""The verdict cache on disk: one file below `$QLP_HOME`, shared by all processes (store/cache_file.py)."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from qlp.config import Settings
from qlp.models import Verdict
from qlp.store.cache_file import CacheFile, checksum
from qlp.validation.flight import Flights
from qlp.validation.identity import Versions

_VERSIONS = """
CREATE TABLE IF NOT EXISTS versions (
  key TEXT PRIMARY KEY, body TEXT NOT NULL, digest TEXT NOT NULL, used REAL NOT NULL
) WITHOUT ROWID;
"""
_MOST_VERSIONS = 500


def open_verdict_cache(settings: Settings) -> VerdictStore | None:
    """The cache of these settings; None where it is turned off (`validation.cache_mb: 0`). Touches nothing yet."""
    if settings.validation.cache_mb == 0:
        return None
    return VerdictStore(settings.home / "cache" / "verdicts.db", max_bytes=settings.validation.cache_mb * 1_048_576)


class VerdictStore:
    """Implements `VerdictCache`."""

    def __init__(self, file: Path, *, max_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self._cache = CacheFile(
            file, "verdicts", what="verdict", max_bytes=max_bytes, more_schema=_VERSIONS, clock=clock
        )
        self._clock = clock
        self._flights: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Flights] = weakref.WeakKeyDictionary()

    @property
    def flights(self) -> Flights:
        return self._flights.setdefault(asyncio.get_running_loop(), Flights())

    async def get(self, key: str) -> Verdict | None:
        return await asyncio.to_thread(self._cache.get, key, _read)

    async def put(self, key: str, verdict: Verdict) -> None:
        await asyncio.to_thread(self._put, key, verdict)

    async def versions(self, key: str) -> Versions | None:
        return await asyncio.to_thread(self._cache.transact, lambda db: self._versions(db, key), None)

    async def remember_versions(self, key: str, versions: Versions) -> None:
        await asyncio.to_thread(self._cache.transact, lambda db: self._remember(db, key, versions), None)

    def close(self) -> None:
        self._cache.close()

    def _put(self, key: str, verdict: Verdict) -> None:
        self._cache.put(key, verdict.model_dump_json().encode("utf-8", "surrogatepass"))

    def _versions(self, db: sqlite3.Connection, key: str) -> Versions | None:
        row = db.execute("SELECT body, digest FROM versions WHERE key = ?", (key,)).fetchone()
        if row is None or checksum(key, str(row[0]).encode()) != row[1]:
            return None
        found = json.loads(row[0])
        return {str(tool): str(version) for tool, version in found.items()}

    def _remember(self, db: sqlite3.Connection, key: str, versions: Versions) -> None:
        body = json.dumps(versions, sort_keys=True)
        db.execute(
            "INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?)",
            (key, body, checksum(key, body.encode()), self._clock()),
        )
        db.execute(
            "DELETE FROM versions WHERE key NOT IN (SELECT key FROM versions ORDER BY used DESC LIMIT ?)",
            (_MOST_VERSIONS,),
        )


def _read(body: bytes, created: float) -> Verdict | None:
    try:
        verdict = Verdict.model_validate_json(body)
    except ValidationError:  # stored by a version with other fields
        return None
    return verdict.model_copy(update={"cached_at": datetime.fromtimestamp(created, UTC)})
