"""The runs API over HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx

from qlp import errors
from qlp.models import TERMINAL, Event, Request, Run

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_STREAM_TIMEOUT = httpx.Timeout(30.0, connect=5.0, read=45.0)
"""The server pings every 15 s; three missed pings mean a dead connection."""
_REATTACH_S = 90.0
"""How long a follower waits for a server that restarts; the run goes on meanwhile."""
_PAUSE_S = 2.0


def raise_problem(response: httpx.Response) -> None:
    """Turn a problem+json answer into the error class that the server raised."""
    if response.is_success:
        return
    try:
        body: dict[str, Any] = response.json()
    except ValueError:
        raise errors.QLPError(f"the server answered {response.status_code} without a problem document") from None
    known = ("type", "title", "status", "detail", "instance", "code", "request_id", "retryable")
    cls = errors.error_class(str(body.get("code")))
    raise cls(str(body.get("detail", response.reason_phrase)), **{k: v for k, v in body.items() if k not in known})


class HttpRunClient:
    """One server, one key. Raises the server's own error classes, and ServerUnreachableError when it is not there."""

    def __init__(self, base_url: str, api_key: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=_TIMEOUT,
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> HttpRunClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = await self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise errors.ServerUnreachableError(
                f"{self._http.base_url} does not answer ({type(error).__name__}): `qlp status` tells what runs, "
                "`qlp up` starts it"
            ) from error
        raise_problem(response)
        return response

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

    async def resume(self, run_id: str) -> Run:
        return Run.model_validate((await self._call("POST", f"/v1/runs/{run_id}/resume")).json())

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
        async with self._http.stream(
            "GET", f"/v1/runs/{run_id}/events", headers=headers, timeout=_STREAM_TIMEOUT
        ) as response:
            if not response.is_success:
                await response.aread()
                raise_problem(response)
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    yield Event.model_validate(json.loads(line[5:]))
