"""Reads the runs of this machine's store where no server runs (`qlp runs`, `qlp doctor`); makes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from qlp.errors import NotFoundError
from qlp.models import Event, Run
from qlp.models.run import LOCAL_TENANT
from qlp.store.engine import Database, sqlite_url
from qlp.store.events import EventStore
from qlp.store.runs import RunStore

_POLL_S = 0.2


class StoredRuns:
    """The reading half of a RunClient. Raises StorageError for a store that cannot be read."""

    def __init__(self, home: Path) -> None:
        self._exists = (home / "store" / "qlp.db").is_file()
        if self._exists:
            database = Database(sqlite_url(home))
            self._runs = RunStore(database)
            self._events = EventStore(database)

    async def get(self, run_id: str) -> Run:
        if not self._exists:
            raise NotFoundError(f"there is no run {run_id}: nothing has been run here yet")
        return await self._runs.get(run_id, tenant=LOCAL_TENANT)

    async def list(self, *, limit: int = 20, after: str | None = None) -> tuple[Run, ...]:
        if not self._exists:
            return ()
        return (await self._runs.list(tenant=LOCAL_TENANT, limit=limit, after=after)).data

    async def events(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        await self.get(run_id)
        while True:
            events, ended = await self._events.after(run_id, after)
            for event in events:
                after = event.sequence_number
                yield event
            if ended:
                return
            if not events:
                await asyncio.sleep(_POLL_S)
