"""The runs API over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx

from qlp import errors
from qlp.client.connection import Connection
from qlp.models import TERMINAL, Event, Request, Run

_REATTACH_S = 90.0
"""How long a follower waits for a server that restarts; the run goes on meanwhile."""
_PAUSE_S = 2.0


class HttpRunClient:
    """One server, one key. Raises the server's own error classes, and ServerUnreachableError when it is not there."""

    def __init__(self, base_url: str, api_key: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._connection = Connection(base_url, api_key, retries=0, transport=transport)

    async def __aenter__(self) -> HttpRunClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()

    async def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self._connection.call(method, path, **options)

    async def submit(self, request: Request, *, idempotency_key: str | None = None) -> Run:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        body = request.model_dump(mode="json", exclude_defaults=True) | {"text": request.text}
        response = await self._call("POST", "/v1/runs", json=body, headers=headers)
        return await self.get(response.json()["id"])

    async def get(self, run_id: str) -> Run:
        return Run.model_validate((await self._call("GET", f"/v1/runs/{run_id}")).json())

    async def list(self, *, limit: int = 20, after: str | None = None) -> tuple[Run, ...]:
        params = {"limit": str(limit), "order": "desc", **({"after": after} if after else {})}
        page = (await self._call("GET", "/v1/runs", params=params)).json()
        return tuple(Run.model_validate(row) for row in page["data"])

    async def cancel(self, run_id: str) -> Run:
        return Run.model_validate((await self._call("POST", f"/v1/runs/{run_id}/cancel")).json())

    async def resume(self, run_id: str, *, max_cost_usd: Decimal | None = None) -> Run:
        body = {} if max_cost_usd is None else {"max_cost_usd": str(max_cost_usd)}
        return Run.model_validate((await self._call("POST", f"/v1/runs/{run_id}/resume", json=body)).json())

    async def capsule(self, run_id: str) -> bytes:
        about = (await self._call("GET", f"/v1/runs/{run_id}/capsule")).json()
        return (await self._call("GET", f"/v1/capsules/{about['id']}/archive", params={"format": "zip"})).content

    async def events(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        lost_at: float | None = None
        ended = False  # the server closes the stream after the last event of a run that has ended
        while True:
            try:
                async for event in self._stream(run_id, after):
                    lost_at = None
                    after = event.sequence_number
                    ended = event.type in TERMINAL
                    yield event
                if ended:
                    return
            except httpx.TransportError as error:
                lost_at = lost_at or time.monotonic()
                if time.monotonic() - lost_at > _REATTACH_S:
                    raise errors.ServerUnreachableError(
                        f"the server is gone for {_REATTACH_S:.0f} s ({type(error).__name__}); the run goes on when it "
                        f"is back: `qlp status`, `qlp up`, then `qlp runs logs -f {run_id}`"
                    ) from error
            await asyncio.sleep(_PAUSE_S if lost_at else 0.2)

    async def _stream(self, run_id: str, after: int) -> AsyncIterator[Event]:
        headers = {"Last-Event-ID": str(after)} if after else {}
        async for data in self._connection.events("GET", f"/v1/runs/{run_id}/events", headers=headers):
            yield Event.model_validate(data)
