"""Answers of models on disk, bounded by size and age; and who works on a question now."""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from qlp.config import Settings
from qlp.providers.protocol import Completion
from qlp.store.cache_file import CacheFile
from qlp.store.file_lease import FileLease, take
from qlp.store.flights import Flights

log = logging.getLogger(__name__)


def open_response_cache(settings: Settings) -> ResponseStore | None:
    """The cache of these settings; None where it is turned off. Touches nothing yet."""
    calls = settings.calls
    if calls.cache == "off" or calls.cache_mb == 0:
        return None
    return ResponseStore(
        settings.home / "cache" / "responses.db",
        max_bytes=calls.cache_mb * 1_048_576,
        max_age_s=calls.cache_days * 86_400,
    )


class ResponseStore:
    """One for a process; all processes of a node share the file."""

    def __init__(
        self,
        file: Path,
        *,
        max_bytes: int,
        max_age_s: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cache = CacheFile(
            file, "responses", what="response", max_bytes=max_bytes, max_age_s=max_age_s, clock=clock
        )
        self._leases = file.with_name(f"{file.stem}-asked")
        self._flights: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Flights[Completion, None]] = (
            weakref.WeakKeyDictionary()
        )

    @property
    def flights(self) -> Flights[Completion, None]:
        """Of the running event loop."""
        return self._flights.setdefault(asyncio.get_running_loop(), Flights())

    async def get(self, key: str) -> Completion | None:
        """As it was stored. None for what is not there, is too old, cannot be read or was damaged. Never raises."""
        return await asyncio.to_thread(self._cache.get, key, _read)

    async def put(self, key: str, completion: Completion) -> None:
        """What cannot be stored is left out. Never raises."""
        body = completion.model_dump_json().encode("utf-8", "surrogatepass")
        await asyncio.to_thread(self._cache.put, key, body)

    def take(self, key: str) -> FileLease | None:
        """The right to ask this question on this node, None while another process has it. Raises OSError."""
        return take(self._leases, key)

    def close(self) -> None:
        self._cache.close()


def _read(body: bytes, _created: float) -> Completion | None:
    try:
        return Completion.model_validate_json(body)
    except ValidationError:  # stored by a version with other fields
        return None
