"""`qlp runs ...`: over the server if one runs, else read from the store on this machine."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from qlp.cli.screen import err, out, print_json
from qlp.cli.session import run_client, server_of
from qlp.cli.verdict import show_outcome
from qlp.config import Settings
from qlp.errors import InputError, NotFoundError
from qlp.models import Event, Run
from qlp.store.reader import StoredRuns


class Runs(Protocol):
    """The reading half of RunClient."""

    async def get(self, run_id: str) -> Run: ...

    async def list(self, *, limit: int = 20, after: str | None = None) -> tuple[Run, ...]: ...

    def events(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]: ...


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[Runs]:
    if server_of(settings) is not None:
        async with run_client(settings, start=False) as client:
            yield client
    else:
        yield StoredRuns(settings.home)


def list_runs(limit: int, *, as_json: bool) -> None:
    runs = asyncio.run(_list(Settings(), limit))
    if as_json:
        print_json({"object": "list", "data": [r.model_dump(mode="json") for r in runs]})
        return
    for run in runs:
        text = " ".join(run.request.text.split())[:60]
        out().print(f"{run.id}  {_state(run):<12} {run.created_at:%Y-%m-%d %H:%M}  {text}", markup=False)
    if not runs:
        err().print('no runs yet: qlp run "Build a REST API for ..."')


async def _list(settings: Settings, limit: int) -> tuple[Run, ...]:
    async with _reading(settings) as runs:
        return await runs.list(limit=limit)


def _state(run: Run) -> str:
    if run.outcome is None:
        return run.status
    if run.outcome.verified:
        return "verified" if run.outcome.decision == "accept" else run.outcome.decision
    return "failed" if run.outcome.decision == "reject" else "unverified"


def show_run(run_id: str, *, as_json: bool) -> None:
    run = asyncio.run(_get(Settings(), run_id))
    if as_json:
        print_json(run.model_dump(mode="json"))
        return
    out().print(f"{run.id}  {run.status}  {run.created_at:%Y-%m-%d %H:%M:%S %Z}", markup=False)
    out().print(run.request.text[:500], markup=False)
    if run.problem is not None:
        out().print(f"{run.problem.code}: {run.problem.detail}", markup=False)
    if run.outcome is not None:
        stored = Settings().home / "capsules" / run.outcome.capsule
        show_outcome(run.outcome, stored if stored.exists() else None, None)


async def _get(settings: Settings, run_id: str) -> Run:
    async with _reading(settings) as runs:
        return await runs.get(run_id)


def show_logs(run_id: str, *, follow: bool, as_json: bool) -> None:
    asyncio.run(_logs(Settings(), run_id, follow=follow, as_json=as_json))


async def _logs(settings: Settings, run_id: str, *, follow: bool, as_json: bool) -> None:
    async with _reading(settings) as runs:
        last = (await runs.get(run_id)).updated_at
        async for event in runs.events(run_id):
            if as_json:
                sys.stdout.write(event.model_dump_json() + "\n")
            else:
                data = json.dumps(event.data, ensure_ascii=False)
                out().print(f"{event.sequence_number:>4} {event.created_at:%H:%M:%S} {event.type} {data}", markup=False)
            if not follow and event.created_at >= last:
                return


def cancel_run(run_id: str, *, as_json: bool) -> None:
    async def cancel() -> Run:
        async with run_client(Settings(), start=False) as client:
            return await client.cancel(run_id)

    run = asyncio.run(cancel())
    if as_json:
        print_json(run.model_dump(mode="json"))
    else:
        out().print(f"{run.id}  {run.status}", markup=False)


def pick(run_id: str | None, last: bool, settings: Settings) -> str:
    """The named run, or with `--last` the newest. Raises InputError or NotFoundError."""
    if (run_id is None) != last:
        raise InputError("name one run, or --last")
    if run_id is not None:
        return run_id
    newest = asyncio.run(_list(settings, 1))
    if not newest:
        raise NotFoundError("there is no run yet")
    return newest[0].id
