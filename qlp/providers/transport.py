"""The HTTP client under the SDK: no answer, right or wrong, can fill the memory."""

from __future__ import annotations

import math
import ssl
from collections.abc import AsyncIterator
from functools import cache
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from openai import DefaultAsyncHttpxClient


EVENT_STREAM = "application/vnd.amazon.eventstream"
"""Content type of Amazon's binary framing."""


class ReplyTooLargeError(Exception):
    """The body went over the cap, or is compressed (its real size cannot be known beforehand)."""


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, max_bytes: float, encoding: str) -> None:
        self._inner = inner
        self._max_bytes = max_bytes
        self._encoding = encoding

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._encoding not in ("", "identity"):
            raise ReplyTooLargeError(f"a reply with content-encoding {self._encoding[:40]!r}, which was not asked for")
        seen = 0
        async for chunk in self._inner:
            seen += len(chunk)
            if seen > self._max_bytes:
                raise ReplyTooLargeError(f"a reply of more than {self._max_bytes} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


def bounded_client(max_bytes: int, *, loopback: bool) -> DefaultAsyncHttpxClient:
    """An httpx2 client whose every response body, errors included, ends at `max_bytes`.

    A stream of events that was asked for is not held in memory, and has no such end: its readers bound what they keep.
    A loopback endpoint is reached directly: HTTP_PROXY would send the request away from this machine.
    """
    from openai import DefaultAsyncHttpxClient

    async def bound(response: httpx2.Response) -> None:
        if isinstance(response.stream, httpx2.AsyncByteStream):
            encoding = response.headers.get("content-encoding", "").strip().lower()
            cap = math.inf if _streams(response) else max_bytes
            response.stream = _BoundedStream(response.stream, cap, encoding)

    return DefaultAsyncHttpxClient(
        event_hooks={"response": [bound]},
        headers={"Accept-Encoding": "identity"},
        trust_env=not loopback,
        verify=_certificates(not loopback),
    )


@cache
def _certificates(trust_env: bool) -> ssl.SSLContext:
    """Read once in a process: every model has a client of its own."""
    return httpx2.create_ssl_context(trust_env=trust_env)


def _streams(response: httpx2.Response) -> bool:
    asked = response.request.headers.get("accept", "")
    sent = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.status_code == 200 and sent in ("text/event-stream", EVENT_STREAM) and sent in asked
