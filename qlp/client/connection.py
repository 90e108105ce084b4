"""One server, one key: requests, typed errors, patience with a full queue."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from typing import Any

import httpx

from qlp import errors

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(30.0, connect=5.0, read=45.0)
"""The server pings every 15 s; three missed pings mean a dead connection."""
RETRIES = 3
MOST_PAUSE_S = 30.0
_PAUSE_S = 0.5
_KNOWN = frozenset(("type", "title", "status", "detail", "instance", "code", "request_id", "retryable"))


def raise_problem(response: httpx.Response) -> None:
    """Turn a problem+json answer into the error class that the server raised."""
    if response.is_success:
        return
    try:
        body: dict[str, Any] = response.json()
    except ValueError:
        raise _bare(response) from None
    raise error_of(body, response.reason_phrase) if isinstance(body, dict) else _bare(response)


def error_of(problem: dict[str, Any], otherwise: str = "") -> errors.QLPError:
    cls = errors.error_class(str(problem.get("code")))
    return cls(str(problem.get("detail", otherwise)), **{k: v for k, v in problem.items() if k not in _KNOWN})


def _bare(response: httpx.Response) -> errors.QLPError:
    said = f"the server answered {response.status_code} without a problem document"
    return errors.OverloadedError(said) if response.status_code == 429 else errors.QLPError(said)


class Connection:
    """Raises the server's own error classes, and ServerUnreachableError when it is not there."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._retries = retries
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, *, again: bool = False, **options: Any) -> httpx.Response:
        """A refusal (429) is tried again after its Retry-After; `again`: what happened may be repeated, so 503 too."""
        for left in reversed(range(self._retries + 1)):
            response = await self._once(method, path, options)
            if left and self._transient(response, again):
                await asyncio.sleep(self._pause(response, self._retries - left))
                continue
            raise_problem(response)
            return response
        raise AssertionError("unreachable")

    async def events(
        self, method: str, path: str, *, again: bool = False, **options: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The data of server-sent events. Raises httpx.TransportError when the stream breaks."""
        for left in reversed(range(self._retries + 1)):
            async with self._http.stream(method, path, **{"timeout": STREAM_TIMEOUT, **options}) as response:
                if not response.is_success:
                    await response.aread()
                    if not (left and self._transient(response, again)):
                        raise_problem(response)
                else:
                    async for line in response.aiter_lines():
                        if line.startswith("data:"):
                            yield json.loads(line[5:])
                    return
            await asyncio.sleep(self._pause(response, self._retries - left))

    def unreachable(self, error: httpx.TransportError) -> errors.ServerUnreachableError:
        return errors.ServerUnreachableError(
            f"{self._http.base_url} does not answer ({type(error).__name__}): `qlp status` tells what runs, "
            "`qlp up` starts it"
        )

    async def _once(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        try:
            return await self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise self.unreachable(error) from error

    @staticmethod
    def _transient(response: httpx.Response, again: bool) -> bool:
        return response.status_code == 429 or (again and response.status_code == 503)

    @staticmethod
    def _pause(response: httpx.Response, tried: int) -> float:
        """Seconds: what the server asks for, else longer each time."""
        asked = response.headers.get("retry-after", "")
        try:
            wait = float(asked)
        except ValueError:
            wait = _PAUSE_S * 2**tried
        return min(max(wait, 0.0), MOST_PAUSE_S) * random.uniform(1.0, 1.25)
