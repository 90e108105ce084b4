"""Asks one model over chat completions, by the official client.

The client's own retries are off: they happen in attempts.py, inside one deadline. Bodies are read as bytes with a cap
and parsed here, so that garbage and endless text end in a typed error.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from qlp.errors import ProviderError
from qlp.providers.endpoint import Endpoint
from qlp.providers.faults import Faulted, learned
from qlp.providers.openai.dialect import Dialect
from qlp.providers.openai.reply import read_reply
from qlp.providers.openai.stream import StreamedReply
from qlp.providers.reply import Reply
from qlp.providers.sse import drain, events, looks_like_events, once
from qlp.providers.wire import Ask, Bounds, Piece

if TYPE_CHECKING:
    from openai import AsyncAPIResponse, AsyncOpenAI

Connect = Callable[[Endpoint, Bounds], "AsyncOpenAI"]


class OpenAIWire:
    """`connect` builds the client, in a thread: importing the SDK and reading certificates takes a second."""

    def __init__(self, endpoint: Endpoint, model: str, bounds: Bounds, connect: Connect, *, cache_keys: bool) -> None:
        self._endpoint = endpoint
        self._model = model
        self._where = f"{endpoint.label}:{model} at {endpoint.base_url}"
        self._bounds = bounds
        self._connect = connect
        self._dialect = Dialect(cache_keys=cache_keys)
        self._client: AsyncOpenAI | None = None
        self._connecting = asyncio.Lock()

    @property
    def takes_n(self) -> bool:
        return self._dialect.takes_n

    @takes_n.setter
    def takes_n(self, value: bool) -> None:
        self._dialect.takes_n = value

    async def ask(self, ask: Ask) -> Reply:
        async with self._opened(ask, stream=False) as response:
            body = b"".join([chunk async for chunk in response.iter_bytes()])
            return read_reply(body, response.headers.get("content-type", ""), tools=bool(ask.options.tools))

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece | Reply, None]:
        async with self._opened(ask, stream=True) as response:
            content_type = response.headers.get("content-type", "")
            chunks: AsyncIterator[bytes] = response.iter_bytes()
            if "text/event-stream" not in content_type:
                body = b"".join([chunk async for chunk in chunks])
                if not looks_like_events(body):  # it answers in one piece, or not at all
                    reply = read_reply(body, content_type, tools=bool(ask.options.tools))
                    for index, sample in enumerate(reply.samples):
                        if sample.text:
                            yield Piece(sample.text, index)
                    yield reply
                    return
                chunks = once(body)
            joined = StreamedReply(ask, self._where, self._bounds.max_bytes)
            async with contextlib.aclosing(events(chunks)) as incoming:
                async for event in incoming:
                    for piece in joined.add(event.data):
                        yield piece
                    if joined.done:
                        await drain(incoming)
                        break
            yield joined.reply()

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    @contextlib.asynccontextmanager
    async def _opened(self, ask: Ask, *, stream: bool) -> AsyncIterator[AsyncAPIResponse[Any]]:
        """One exchange; what the client, the transport or a reader of the body raises leaves as Faulted."""
        client = await self._connected()
        import httpx2
        from openai import OpenAIError

        from qlp.providers.sdk_faults import sdk_fault
        from qlp.providers.transport import ReplyTooLargeError

        timeout_s = ask.options.timeout_s
        body = self._dialect.body(ask, stream=stream)
        headers = {"Idempotency-Key": ask.key, **({"Accept": "text/event-stream"} if stream else {})}
        request = client.chat.completions.with_streaming_response.create(
            model=self._model,
            messages=body["messages"],
            extra_body={name: value for name, value in body.items() if name != "messages"},
            extra_headers=headers,
            timeout=httpx2.Timeout(timeout_s, connect=min(self._bounds.connect_s, timeout_s)),
        )
        try:
            async with request as response:
                yield response
        except (OpenAIError, httpx2.HTTPError, OSError, ReplyTooLargeError, ProviderError) as error:
            fault, refusal = sdk_fault(error, self._where, self._endpoint)
            if refusal is not None:
                self._dialect.learn(refusal.status, refusal.param, refusal.said)
                if self._dialect.body(ask, stream=stream) != body:
                    fault = learned(fault)
            raise Faulted(fault) from error

    async def _connected(self) -> AsyncOpenAI:
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(self._connect, self._endpoint, self._bounds)
            return self._client


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
