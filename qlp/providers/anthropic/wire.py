"""Asks one Claude model over the Messages API, by the official client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from qlp.errors import ProviderError
from qlp.providers.anthropic.reply import MessageStream, read_message
from qlp.providers.anthropic.request import request_body
from qlp.providers.endpoint import Endpoint
from qlp.providers.faults import Faulted, learned, unsupported
from qlp.providers.reply import Reply
from qlp.providers.sampling import Sampling
from qlp.providers.sse import drain, events, looks_like_events, once
from qlp.providers.wire import Ask, Bounds, Piece

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic._response import AsyncAPIResponse


class AnthropicWire:
    takes_n = False
    """The API has no `n`: samples are parallel requests."""

    def __init__(self, endpoint: Endpoint, model: str, bounds: Bounds) -> None:
        self._endpoint = endpoint
        self._model = model
        self._where = f"{endpoint.label}:{model} at {endpoint.base_url}"
        self._bounds = bounds
        self._sampling = Sampling()
        self._client: AsyncAnthropic | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, ask: Ask) -> Reply:
        async with self._opened(ask, stream=False) as response:
            body = b"".join([chunk async for chunk in response.iter_bytes()])
            return read_message(body, response.headers.get("content-type", ""), ask, self._bounds.max_bytes)

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece | Reply, None]:
        async with self._opened(ask, stream=True) as response:
            content_type = response.headers.get("content-type", "")
            chunks: AsyncIterator[bytes] = response.iter_bytes()
            if "text/event-stream" not in content_type:
                body = b"".join([chunk async for chunk in chunks])
                if not looks_like_events(body):  # it answers in one piece, or not at all
                    reply = read_message(body, content_type, ask, self._bounds.max_bytes)
                    for sample in reply.samples:
                        if sample.text:
                            yield Piece(sample.text)
                    yield reply
                    return
                chunks = once(body)
            joined = MessageStream(ask, self._where, self._bounds.max_bytes)
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
        if ask.options.logprobs is not None:
            raise unsupported(self._where, "log-probabilities")
        client = await self._connected()
        import httpx2
        from anthropic import AnthropicError

        from qlp.providers.sdk_faults import sdk_fault
        from qlp.providers.transport import ReplyTooLargeError

        timeout_s = ask.options.timeout_s
        body = request_body(ask, self._sampling, stream=stream)
        request = client.messages.with_streaming_response.create(
            model=self._model,
            messages=body["messages"],
            max_tokens=ask.options.max_tokens,
            extra_body={name: value for name, value in body.items() if name != "messages"},
            extra_headers={"Idempotency-Key": ask.key, **({"Accept": "text/event-stream"} if stream else {})},
            timeout=httpx2.Timeout(timeout_s, connect=min(self._bounds.connect_s, timeout_s)),
        )
        try:
            async with request as response:
                yield response
        except (AnthropicError, httpx2.HTTPError, OSError, ReplyTooLargeError, ProviderError) as error:
            fault, refusal = sdk_fault(error, self._where, self._endpoint)
            if refusal is not None:
                self._sampling.learn(refusal.status, refusal.said)
                if request_body(ask, self._sampling, stream=stream) != body:
                    fault = learned(fault)
            raise Faulted(fault) from error

    async def _connected(self) -> AsyncAnthropic:
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(_connect, self._endpoint, self._bounds)
            return self._client


def _connect(endpoint: Endpoint, bounds: Bounds) -> AsyncAnthropic:
    """In a thread: importing the SDK takes seconds."""
    from anthropic import AsyncAnthropic

    from qlp.providers.transport import bounded_client

    return AsyncAnthropic(
        base_url=endpoint.base_url,
        api_key=endpoint.secret or "none",
        max_retries=0,
        http_client=bounded_client(bounds.max_bytes, loopback=endpoint.loopback),
    )
