"""A provider that keeps to its requests and tokens a minute, together with all others that use the same key."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from qlp.calls.limiter import Bucket, RateLimiter
from qlp.calls.windows import Grant
from qlp.errors import ProviderError, ProviderRateLimitError, StorageError
from qlp.providers.protocol import ChatOptions, Completion, Delta, Message, Provider, StreamingProvider
from qlp.providers.reply import usage_of
from qlp.providers.request_meter import metered

logger = logging.getLogger(__name__)

WAIT_SHARE = 0.75
"""Part of a call's deadline that it may spend on waiting for its turn; the rest is for the answer."""
_BYTES_PER_TOKEN = 3
"""Few: prose has about four bytes a token, code and other scripts fewer."""
_MESSAGE_TOKENS = 8
_IMAGE_TOKENS = 1500
_NOT_SENT = frozenset({"breaker_open", "unsupported"})
_NOT_USED = frozenset({"auth", "not_found", "context_length", "refused", *_NOT_SENT})
"""Reasons of errors for which no tokens are counted."""


def estimate(messages: tuple[Message, ...], options: ChatOptions) -> int:
    """Tokens that a call may take, all samples at full length; what it took is known afterwards."""
    said = sum(
        _MESSAGE_TOKENS
        + (len(m.content.encode("utf-8", "replace")) + sum(len(c.arguments) for c in m.tool_calls)) // _BYTES_PER_TOKEN
        + _IMAGE_TOKENS * len(m.images)
        for m in messages
    )
    schemas = sum(len(t.model_dump_json()) for t in options.tools)
    return said + schemas // _BYTES_PER_TOKEN + options.max_tokens * options.n


@dataclass(frozen=True)
class _Meter:
    limiter: RateLimiter
    bucket: Bucket

    async def limited(self, retry_after_s: float | None) -> None:
        try:
            await self.limiter.block(self.bucket, retry_after_s)
        except StorageError:
            logger.exception("%s: the server's 429 could not be told to the others", self.bucket.name)

    async def again(self, within_s: float) -> None:
        await self.limiter.acquire(self.bucket, requests=1, tokens=0, wait_s=max(within_s, 0.0))


class RateLimited:
    """Reserves a call's requests and estimated tokens before it starts, and corrects both by what it used.

    A caller waits in line inside its own deadline (at most `WAIT_SHARE` of it), else ProviderRateLimitError with
    `retry_after_s`. A 429 of the server stops all callers of the key until its Retry-After. A failed call keeps its
    request; it keeps its tokens unless the error proves that none were taken.
    """

    def __init__(
        self,
        inner: Provider | StreamingProvider,
        bucket: Bucket,
        limiter: RateLimiter,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._bucket = bucket
        self._limiter = limiter
        self._clock = clock
        self._one_request = False
        """Whether n samples were seen to take one request."""

    @property
    def name(self) -> str:
        return self._inner.name

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        """Raises what the inner provider raises, and ProviderRateLimitError; StorageError where a limit is set that
        cannot be looked up."""
        grant, options = await self._enter(messages, options)
        try:
            with metered(_Meter(self._limiter, self._bucket)):
                completion = await self._inner.complete(messages, options, idempotency_key=idempotency_key)
        except ProviderError as error:
            await self._failed(grant, error)
            raise
        await self._answered(grant, options, completion)
        return completion

    async def stream(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> AsyncGenerator[Delta, None]:
        """Raises what `complete` raises, and AttributeError if the inner provider cannot stream."""
        inner: StreamingProvider = self._inner  # type: ignore[assignment]
        grant, options = await self._enter(messages, options)
        pieces = inner.stream(messages, options, idempotency_key=idempotency_key)
        try:
            with metered(_Meter(self._limiter, self._bucket)):  # only what comes before a piece is retried
                first = await anext(pieces)
            if first.completion:
                await self._answered(grant, options, first.completion)
            yield first
            async for piece in pieces:
                if piece.completion:
                    await self._answered(grant, options, piece.completion)
                yield piece
        except ProviderError as error:
            await self._failed(grant, error)
            raise
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    async def _enter(self, messages: tuple[Message, ...], options: ChatOptions) -> tuple[Grant | None, ChatOptions]:
        began = self._clock()
        grant = await self._limiter.acquire(
            self._bucket,
            requests=1 if self._one_request else options.n,
            tokens=estimate(messages, options),
            wait_s=options.timeout_s * WAIT_SHARE,
        )
        left = max(options.timeout_s - (self._clock() - began), options.timeout_s * (1 - WAIT_SHARE))
        return grant, options.model_copy(update={"timeout_s": left})

    async def _answered(self, grant: Grant | None, options: ChatOptions, completion: Completion) -> None:
        usage = completion.usage
        if options.n > 1 and usage.calls == 1 and len(completion.texts) == options.n:
            self._one_request = True
        if grant is None:
            return
        # Requests that failed beside others that answered are in no usage: only a proven single one is given back.
        requests = 1 if self._one_request and usage.calls <= 1 else max(grant.need.requests, usage.calls)
        if usage.calls > grant.need.requests:
            self._one_request = False
        tokens = usage.input_tokens + usage.output_tokens
        await self._settled(grant, requests=requests, tokens=tokens or grant.need.tokens)

    async def _failed(self, grant: Grant | None, error: ProviderError) -> None:
        waited = bool(error.extra.get("waited"))
        if isinstance(error, ProviderRateLimitError) and not waited:
            await _Meter(self._limiter, self._bucket).limited(_seconds(error.extra.get("retry_after_s")))
        if grant is None:
            return
        usage, reason = usage_of(error), error.extra.get("reason")
        tokens = usage.input_tokens + usage.output_tokens
        if not tokens and not isinstance(error, ProviderRateLimitError) and reason not in _NOT_USED:
            tokens = grant.need.tokens
        requests = 0 if reason in _NOT_SENT else grant.need.requests
        await self._settled(grant, requests=requests, tokens=tokens)

    async def _settled(self, grant: Grant, *, requests: int, tokens: int) -> None:
        """An answer that is here is not given up for its bookkeeping: the reservation then counts as it is."""
        try:
            await self._limiter.settle(self._bucket, grant, requests=requests, tokens=tokens)
        except StorageError:
            logger.exception("%s: what a call used of its limit could not be noted", self.name)


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
