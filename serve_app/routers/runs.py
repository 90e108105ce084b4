"""/v1/runs: create, look, cancel, resume, follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from qlp.errors import InputError, NotFoundError
from qlp.models import Event, Request, Run
from serve_app.auth import BackendDep, Caller
from serve_app.event_stream import HEADERS, PING, PING_S, frame

router = APIRouter(prefix="/v1/runs", tags=["runs"])


class Accepted(BaseModel):
    id: str
    object: Literal["run"] = "run"
    status: str


class Resume(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    max_cost_usd: Decimal | None = Field(default=None, ge=0)
    """Cap of the whole run from now on, what it has spent included, US dollars."""


class RunList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Run]
    first_id: str | None
    last_id: str | None
    has_more: bool


class CapsuleInfo(BaseModel):
    id: str
    object: Literal["capsule"] = "capsule"
    run_id: str
    digest: str
    """sha256 of the archive, hex."""
    verified: bool
    archive: str
    """Path of the download."""


@router.post("", status_code=202)
async def create(
    request: Request,
    backend: BackendDep,
    caller: Caller,
    response: Response,
    idempotency_key: Annotated[str | None, Header(max_length=255, min_length=1)] = None,
) -> Accepted:
    """Queue a run. The same Idempotency-Key with the same body answers with the same run for 24 hours."""
    run, new = await backend.runs.submit_or_find(request, caller.tenant, idempotency_key, api_key=caller.key_id)
    response.headers["Location"] = f"/v1/runs/{run.id}"
    if not new:
        response.headers["Idempotent-Replayed"] = "true"
    return Accepted(id=run.id, status=run.status)


@router.get("")
async def list_runs(
    backend: BackendDep,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str | None, Query(max_length=64)] = None,
    order: Literal["asc", "desc"] = "desc",
) -> RunList:
    """The tenant's runs, the newest first unless `order=asc`."""
    page = await backend.runs.list(caller.tenant, limit=limit, after=after, order=order)
    return RunList(
        data=list(page.data),
        first_id=page.data[0].id if page.data else None,
        last_id=page.data[-1].id if page.data else None,
        has_more=page.has_more,
    )


@router.get("/{run_id}")
async def get(run_id: str, backend: BackendDep, caller: Caller) -> Run:
    return await backend.runs.get(run_id, caller.tenant)


@router.post("/{run_id}/cancel")
async def cancel(run_id: str, backend: BackendDep, caller: Caller) -> Run:
    """Stops the model call or sandbox in progress. A run that has ended stays as it is."""
    return await backend.runs.cancel(run_id, caller.tenant)


@router.post("/{run_id}/resume", status_code=202)
async def resume(run_id: str, backend: BackendDep, caller: Caller, how: Resume | None = None) -> Run:
    """Go on with a cancelled or orphaned run, or one that waits (`input_required`); finished steps are not repeated.

    409 in any other state. A run that used its budget up waits for `max_cost_usd`.
    """
    return await backend.runs.resume(run_id, caller.tenant, max_cost_usd=how.max_cost_usd if how else None)


@router.get("/{run_id}/capsule")
async def capsule(run_id: str, backend: BackendDep, caller: Caller) -> CapsuleInfo:
    """404 while there is none."""
    run = await backend.runs.get(run_id, caller.tenant)
    if run.outcome is None:
        raise NotFoundError(f"run {run_id} has no capsule: it is {run.status}")
    capsule_id = run.outcome.capsule.removesuffix(".zip")
    return CapsuleInfo(
        id=capsule_id,
        run_id=run.id,
        digest=run.outcome.capsule_digest.removeprefix("sha256:"),
        verified=run.outcome.verified,
        archive=f"/v1/capsules/{capsule_id}/archive?format=zip",
    )


@router.get(
    "/{run_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Server-sent events"}},
)
async def events(
    run_id: str,
    backend: BackendDep,
    caller: Caller,
    starting_after: Annotated[int | None, Query(ge=0)] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """The run's events, then live ones, until the terminal event. Re-attach by Last-Event-ID or starting_after."""
    await backend.runs.get(run_id, caller.tenant)
    after = starting_after if starting_after is not None else _number(last_event_id)
    stream = _frames(backend.runs.events(run_id, caller.tenant, after=after))
    return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)


def _number(last_event_id: str | None) -> int:
    if not last_event_id:
        return 0
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 16):
        raise InputError("Last-Event-ID is the number of an event")
    return int(last_event_id)


async def _frames(events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    """SSE frames; a comment every PING_S seconds of silence keeps proxies from closing the connection."""
    pending: asyncio.Task[Event] | None = None
    try:
        while True:
            if pending is None:
                pending = asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({pending}, timeout=PING_S)
            if not done:
                yield PING
                continue
            try:
                event = pending.result()
            except StopAsyncIteration:
                return
            pending = None
            yield frame(event.sequence_number, event.type, event.model_dump_json())
    finally:
        if pending is not None:
            pending.cancel()
