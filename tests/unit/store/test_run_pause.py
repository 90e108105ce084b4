"""Runs that wait for their user, and stores of version 1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from qlp.errors import ConflictError
from qlp.models import Problem, Request
from qlp.store import Database, EventStore, RunStore, sqlite_url
from qlp.store.schema import SCHEMA_VERSION, create_all, meta

pytestmark = pytest.mark.unit
ASKS = Problem(code="budget_exceeded", detail="more money", extra={"needed_usd": "2"})


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path))
    create_all(database)
    yield database
    database.close()


async def test_a_paused_run_waits_tells_why_and_goes_on(database: Database) -> None:
    runs, events = RunStore(database), EventStore(database)
    run, _ = await runs.create(Request(text="x"), tenant="a", queue_limit=9)
    assert not await runs.pause(run.id, ASKS)  # it does not work yet
    await runs.claim("w", live={"w"})
    assert await runs.pause(run.id, ASKS)
    assert not await runs.pause(run.id, ASKS)
    waiting = await runs.get(run.id)
    assert (waiting.status, waiting.problem) == ("input_required", ASKS)
    assert await runs.claim("w", live={"w"}) is None
    assert not await runs.finish(run.id, problem=ASKS)
    assert await events.append(run.id, "late", "run.task.started", {}) is None
    told, ended = await events.after(run.id)
    assert ended
    assert told[-1].type == "run.input_required"
    resumed = await runs.resume(run.id, tenant="a", live={"w"})
    assert (resumed.status, resumed.problem) == ("queued", None)
    assert await runs.claim("w", live={"w"}) is not None
    assert await runs.pause(run.id, ASKS)  # a second time, with an event of its own
    assert [e.type for e in (await events.after(run.id))[0]].count("run.input_required") == 2
    assert (await runs.cancel(run.id, tenant="a")).problem is None
    await runs.resume(run.id, tenant="a", live={"w"})
    await runs.claim("w", live={"w"})
    await runs.finish(run.id, problem=ASKS)
    with pytest.raises(ConflictError):
        await runs.resume(run.id, tenant="a", live={"w"})


async def test_a_store_of_version_1_gets_the_new_columns(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    create_all(database)
    run, _ = await RunStore(database).create(Request(text="kept"), tenant="a", queue_limit=9)

    def back(connection: sa.Connection) -> None:
        for column in ("api_key", "user_id"):
            connection.exec_driver_sql(f"ALTER TABLE runs DROP COLUMN {column}")
        connection.execute(meta.update().values(value="1"))

    database.write_now(back)
    for _ in range(2):
        create_all(database)
    assert (await RunStore(database).get(run.id)).request.text == "kept"
    await RunStore(database).create(Request(text="new"), tenant="a", queue_limit=9, api_key="k", user="u")
    found = database.read_now(lambda c: c.scalar(sa.select(meta.c.value).where(meta.c.key == "schema_version")))
    assert found == str(SCHEMA_VERSION)
    database.close()
