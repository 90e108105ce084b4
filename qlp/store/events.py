"""The append-only log of each run: numbers without gaps, one entry a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from qlp.models import TERMINAL, Event, EventType
from qlp.store import schema
from qlp.store.engine import Database


def utc_now() -> datetime:
    return datetime.now(UTC)


def append(
    connection: sa.Connection, run_id: str, key: str, type: EventType, data: dict[str, Any], at: datetime
) -> Event | None:
    """Append inside the caller's write transaction; None if (run, key) is there already."""
    table = schema.events
    mine = table.c.run_id == run_id
    if connection.scalar(sa.select(table.c.sequence_number).where(mine, table.c.dedupe_key == key)) is not None:
        return None
    last = connection.scalar(sa.select(sa.func.max(table.c.sequence_number)).where(mine)) or 0
    connection.execute(
        table.insert().values(
            run_id=run_id,
            sequence_number=last + 1,
            dedupe_key=key,
            type=type,
            data=json.dumps(data, ensure_ascii=False, separators=(",", ":")),
            created_at=at.timestamp(),
        )
    )
    return Event(type=type, sequence_number=last + 1, run_id=run_id, created_at=at, data=data)


class EventStore:
    """Implements `qlp.pipeline.runtime.EventSink`."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def append(self, run_id: str, key: str, type: EventType, data: dict[str, Any]) -> Event | None:
        """None if this (run, key) was appended before, or if the run has ended or waits for its user.

        What a flow still says after its run was cancelled or paused is dropped, so that the terminal event stays the
        last; a resumed run says it again.
        """

        def insert(connection: sa.Connection) -> Event | None:
            status = connection.scalar(sa.select(schema.runs.c.status).where(schema.runs.c.id == run_id))
            if status in ("completed", "failed", "cancelled", "input_required"):
                return None
            return append(connection, run_id, key, type, data, self._clock())

        return await self._database.write(insert)

    async def after(self, run_id: str, sequence: int = 0, limit: int = 500) -> tuple[tuple[Event, ...], bool]:
        """Events with a number above `sequence`, and whether the log ends with them.

        It ends when the run has a final status and nothing is left to read; a cancelled run that was resumed
        has terminal events in the middle of its log.
        """

        def select(connection: sa.Connection) -> tuple[tuple[Event, ...], bool]:
            table = schema.events
            status = connection.scalar(sa.select(schema.runs.c.status).where(schema.runs.c.id == run_id))
            rows = connection.execute(
                sa.select(table)
                .where(table.c.run_id == run_id, table.c.sequence_number > sequence)
                .order_by(table.c.sequence_number)
                .limit(limit)
            ).all()
            found = tuple(_event(row) for row in rows)
            done = f"run.{status}" in TERMINAL and len(found) < limit
            return found, done

        return await self._database.read(select)


def _event(row: sa.Row[Any]) -> Event:
    return Event(
        type=row.type,
        sequence_number=row.sequence_number,
        run_id=row.run_id,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        data=json.loads(row.data),
    )
