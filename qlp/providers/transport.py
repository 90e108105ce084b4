"""The HTTP client under the SDK: no answer, right or wrong, can fill the memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from openai import DefaultAsyncHttpxClient


class ReplyTooLargeError(Exception):
    """The body went over the cap, or is compressed (its real size cannot be known beforehand)."""


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, max_bytes: int, encoding: str) -> None:
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

    A loopback endpoint is reached directly: HTTP_PROXY would send the request away from this machine.
    """
    from openai import DefaultAsyncHttpxClient

    async def bound(response: httpx2.Response) -> None:
        if isinstance(response.stream, httpx2.AsyncByteStream):
            encoding = response.headers.get("content-encoding", "").strip().lower()
            response.stream = _BoundedStream(response.stream, max_bytes, encoding)

    return DefaultAsyncHttpxClient(
        event_hooks={"response": [bound]}, headers={"Accept-Encoding": "identity"}, trust_env=not loopback
    )
