"""One model, whatever serves it: samples, deadline, retries, breaker and bill around a wire."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

from qlp.errors import ProviderError, ProviderTimeoutError
from qlp.providers.attempts import Attempts, Patience
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.endpoint import Endpoint
from qlp.providers.faults import Faulted
from qlp.providers.metering import billed, usage_of_replies
from qlp.providers.protocol import ChatOptions, Completion, Delta, Message
from qlp.providers.reply import Reply, Sample
from qlp.providers.wire import Ask, Bounds, Wire

logger = logging.getLogger(__name__)
_QUEUE = 64
"""Pieces of a stream that wait for a slow reader; then the server waits."""

Emit = Callable[[Delta], Awaitable[None]]


class ChatModel:
    """Provider and StreamingProvider for one model. Use it from one event loop; `aclose` it at the end."""

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        wire: Wire,
        *,
        breaker: CircuitBreaker | None = None,
        patience: Patience | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.name = f"{endpoint.label}:{model}"
        self.model = model
        self.endpoint = endpoint
        self.breaker = breaker or CircuitBreaker(self.name)
        self._wire = wire
        self._patience = patience or Patience()
        self._bounds = bounds or Bounds()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r} at {self.endpoint.base_url!r})"

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        """One sample or more, at most `options.n`: what the deadline or a fault took away is missing, and logged.

        Raises ProviderRateLimitError, ProviderTimeoutError, ProviderUnavailableError (breaker open, or an outage that
        outlasted the retries) and ProviderError; its `extra["reason"]` is `bad_reply`, `content_policy`, `auth`,
        `not_found`, `context_length`, `unsupported` or `refused`.
        """
        replies: dict[int, Reply] = {}
        deadline = self._patience.clock() + options.timeout_s
        try:
            async with asyncio.timeout(options.timeout_s):
                await self._samples(messages, options, idempotency_key, replies, self._asker(deadline))
        except (TimeoutError, ProviderError) as error:
            if not any(reply.samples for reply in replies.values()):
                raise await self._billed(self._typed(error, options), replies) from None
            logger.warning("%s: fewer than %d samples: %s", self.name, options.n, error or "deadline")
        return await self._completion(options, replies)

    async def stream(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> AsyncGenerator[Delta, None]:
        """Pieces of all samples as they come in, then one Delta with the completion. Raises what `complete` raises.

        A fault before the first piece of a sample is retried; after it, it is raised with `extra["partial"]` = True.
        """
        queue: asyncio.Queue[Delta | ProviderError | None] = asyncio.Queue(_QUEUE)
        producer = asyncio.create_task(self._produce(messages, options, idempotency_key, queue))
        # A bug in the producer must not leave the reader waiting for ever.
        producer.add_done_callback(lambda task: _wake(queue) if not task.cancelled() and task.exception() else None)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, ProviderError):
                    raise item
                yield item
            await producer
        finally:
            producer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await producer

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def _produce(
        self,
        messages: tuple[Message, ...],
        options: ChatOptions,
        key: str,
        queue: asyncio.Queue[Delta | ProviderError | None],
    ) -> None:
        replies: dict[int, Reply] = {}
        begun: set[int] = set()

        async def emit(delta: Delta) -> None:
            begun.add(delta.sample)
            await queue.put(delta)

        deadline = self._patience.clock() + options.timeout_s
        try:
            try:
                async with asyncio.timeout(options.timeout_s):
                    await self._samples(messages, options, key, replies, self._streamer(deadline, begun, emit))
            except (TimeoutError, ProviderError) as error:
                typed = self._typed(error, options)
                if begun:
                    typed.extra["partial"] = True
                raise await self._billed(typed, replies, begun=bool(begun)) from None
            await queue.put(Delta(completion=await self._completion(options, replies)))
        except ProviderError as error:
            await queue.put(error)
        else:
            await queue.put(None)

    def _asker(self, deadline: float) -> Callable[[Ask], Awaitable[Reply]]:
        async def call(ask: Ask) -> Reply:
            attempts = Attempts(self.name, self.breaker, self._patience, deadline)
            while True:
                try:
                    with attempts.one():
                        reply = await self._wire.ask(ask)
                except Faulted as failed:
                    await attempts.pause(failed.fault)
                else:
                    return self._bounded(reply, ask.options)

        return call

    def _streamer(self, deadline: float, begun: set[int], emit: Emit) -> Callable[[Ask], Awaitable[Reply]]:
        async def call(ask: Ask) -> Reply:
            attempts = Attempts(self.name, self.breaker, self._patience, deadline)
            while True:
                try:
                    with attempts.one():
                        return await self._play(ask, emit)
                except Faulted as failed:
                    if begun & set(range(ask.sample, ask.sample + ask.n)):
                        raise failed.fault.error from None
                    await attempts.pause(failed.fault)

        return call

    async def _play(self, ask: Ask, emit: Emit) -> Reply:
        """One streamed request; it is left when a sample outgrows the text that was asked for."""
        texts: dict[int, list[str]] = {}
        room: dict[int, int] = {}
        stream = self._wire.stream(ask)
        async with contextlib.aclosing(stream):
            async for item in stream:
                if isinstance(item, Reply):
                    return self._bounded(item, ask.options)
                left = room.setdefault(item.sample, self._most(ask.options))
                room[item.sample] = left - len(item.text)
                if text := item.text[:left]:
                    texts.setdefault(item.sample, []).append(text)
                    await emit(Delta(sample=ask.sample + item.sample, text=text))
                if len(item.text) > left:
                    logger.warning("%s: a sample went over %d tokens and was left", self.name, ask.options.max_tokens)
                    return _left(texts)
        raise AssertionError("a wire ended a stream without its Reply")

    async def _samples(
        self,
        messages: tuple[Message, ...],
        options: ChatOptions,
        key: str,
        replies: dict[int, Reply],
        call: Callable[[Ask], Awaitable[Reply]],
    ) -> None:
        """Fill `replies` until they hold n samples: one request with n, then single ones for what is missing."""
        have = 0
        if options.n == 1 or self._wire.takes_n:
            replies[0] = await call(Ask(messages, options, key, n=options.n))
            have = replies[0].choices
            if have < options.n:
                self._wire.takes_n = False
        slots = asyncio.Semaphore(self._bounds.parallel)

        async def one(sample: int) -> None:
            async with slots:
                single = f"{key}:{sample}" if sample else key
                replies[sample] = await call(Ask(messages, options, single, sample=sample))

        results = await asyncio.gather(*(one(i) for i in range(have, options.n)), return_exceptions=True)
        for failed in results:
            if failed is not None:
                raise failed

    async def _completion(self, options: ChatOptions, replies: dict[int, Reply]) -> Completion:
        ordered = [replies[i] for i in sorted(replies)]
        samples = [sample for reply in ordered for sample in reply.samples][: options.n]
        if not samples:
            first = next((r for r in ordered if r.reason == "content_policy"), ordered[0])
            empty = ProviderError(f"{self._where}: the reply has no text ({first.why_empty})", reason=first.reason)
            raise await self._billed(empty, replies)
        logprobs = tuple(s.logprobs for s in samples)
        return Completion(
            texts=tuple(s.text for s in samples),
            cut=tuple(s.cut for s in samples),
            model=self.name,
            usage=await usage_of_replies(ordered, self.model, self.endpoint),
            tool_calls=tuple(s.tool_calls for s in samples) if options.tools else (),
            logprobs=logprobs if options.logprobs is not None and any(logprobs) else (),
        )

    def _bounded(self, reply: Reply, options: ChatOptions) -> Reply:
        most = self._most(options)
        if all(len(s.text) <= most for s in reply.samples):
            return reply
        logger.warning("%s: a sample went over %d tokens and was cut", self.name, options.max_tokens)
        samples = [
            s if len(s.text) <= most else s.model_copy(update={"text": s.text[:most], "cut": True})
            for s in reply.samples
        ]
        return reply.model_copy(update={"samples": tuple(samples)})

    def _most(self, options: ChatOptions) -> int:
        return options.max_tokens * self._bounds.chars_per_token

    def _typed(self, error: TimeoutError | ProviderError, options: ChatOptions) -> ProviderError:
        if isinstance(error, ProviderError):
            shown = self.endpoint.redact(error.detail)  # some servers repeat the key
            return error if shown == error.detail else type(error)(shown, **error.extra)
        return ProviderTimeoutError(f"{self._where} did not answer within {options.timeout_s:g} s")

    async def _billed(self, error: ProviderError, replies: dict[int, Reply], *, begun: bool = False) -> ProviderError:
        return await billed(error, replies.values(), self.model, self.endpoint, begun=begun)

    @property
    def _where(self) -> str:
        return f"{self.name} at {self.endpoint.base_url}"


def _left(texts: dict[int, list[str]]) -> Reply:
    """What had come in of a stream that was left; nobody counted its tokens."""
    samples = tuple(Sample(text="".join(parts), cut=True) for _, parts in sorted(texts.items()))
    return Reply(samples=samples, choices=len(samples))


def _wake(queue: asyncio.Queue[Delta | ProviderError | None]) -> None:
    """Makes room if it must: the reader is about to fail anyway."""
    while queue.full():
        queue.get_nowait()
    queue.put_nowait(None)
