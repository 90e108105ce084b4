"""Chat completion over any OpenAI-compatible endpoint, by the official client.

The client's own retries are off: here they happen inside one deadline, honour Retry-After and feed the breaker.
The body is read as bytes with a cap and parsed here, so that garbage and endless text end in a typed error.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from qlp.errors import ProviderError, ProviderTimeoutError
from qlp.models import Usage
from qlp.models._base import Frozen
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.dialect import Dialect
from qlp.providers.endpoint import Endpoint
from qlp.providers.prices import Tokens, cost
from qlp.providers.protocol import ChatOptions, Completion, Message
from qlp.providers.reply import BAD_REPLY, Reply, read_reply
from qlp.providers.retry import RetryPolicy

if TYPE_CHECKING:
    from openai import AsyncOpenAI

logger = logging.getLogger(__name__)


class Bounds(Frozen):
    """Ceilings of one call besides its deadline."""

    max_bytes: int = 16_777_216
    """Largest body of one HTTP answer; n long samples fit, an endless one does not."""
    parallel: int = 8
    """Requests at the same time where the server has no `n`."""
    connect_s: float = 10.0


class OpenAICompatible:
    """Provider for one model at one endpoint. Use it from one event loop; `aclose` it at the end."""

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        *,
        breaker: CircuitBreaker | None = None,
        retry: RetryPolicy | None = None,
        bounds: Bounds | None = None,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = f"{endpoint.label}:{model}"
        self.model = model
        self.endpoint = endpoint
        self.breaker = breaker or CircuitBreaker(self.name)
        self._retry = retry or RetryPolicy()
        self._bounds = bounds or Bounds()
        self._rng = rng or random.Random()
        self._clock = clock
        self._sleep = sleep
        self._dialect = Dialect()
        self._client: AsyncOpenAI | None = None

    def __repr__(self) -> str:
        return f"OpenAICompatible({self.name!r} at {self.endpoint.base_url!r})"

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        """One sample or more, at most `options.n`: what the deadline or a fault took away is missing, and logged.

        Raises ProviderRateLimitError, ProviderTimeoutError, ProviderUnavailableError (breaker open, or an outage that
        outlasted the retries) and ProviderError; its `extra["reason"]` is `bad_reply`, `auth`, `not_found`,
        `context_length` or `refused`.
        """
        replies: list[Reply] = []
        deadline = self._clock() + options.timeout_s
        try:
            async with asyncio.timeout(options.timeout_s):
                await self._sample(messages, options, idempotency_key, deadline, replies)
        except (TimeoutError, ProviderError) as error:
            if not any(reply.texts for reply in replies):
                if not isinstance(error, ProviderError):
                    late = f"{self._where} did not answer within {options.timeout_s:g} s"
                    error = ProviderTimeoutError(late)
                raise await self._billed(error, replies) from None
            logger.warning("%s: fewer than %d samples: %s", self.name, options.n, error or "deadline")
        if not any(reply.texts for reply in replies):
            empty = f"{self._where}: the reply has no text ({replies[0].why_empty})"
            raise await self._billed(ProviderError(empty, reason=BAD_REPLY), replies)
        return Completion(
            texts=tuple(text for r in replies for text in r.texts)[: options.n],
            cut=tuple(c for r in replies for c in r.cut)[: options.n],
            model=self.name,
            usage=await self._usage(replies),
        )

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    @property
    def _where(self) -> str:
        return f"{self.name} at {self.endpoint.base_url}"

    async def _billed(self, error: ProviderError, replies: list[Reply]) -> ProviderError:
        """A failed turn may have cost money: its usage goes along as `extra["usage"]`, see `usage_of`."""
        if replies:
            error.extra["usage"] = (await self._usage(replies)).model_dump(mode="json")
        elif error.extra.get("reason") == BAD_REPLY:
            free = self.endpoint.price == "free"
            error.extra["usage"] = Usage(calls=1, cost_usd=Decimal(0) if free else None).model_dump(mode="json")
        return error

    async def _usage(self, replies: list[Reply]) -> Usage:
        tokens = Tokens(
            input=sum(r.input_tokens or 0 for r in replies),
            output=sum(r.output_tokens or 0 for r in replies),
            cached=sum(r.cached_tokens for r in replies),
        )
        policy = self.endpoint.price
        if policy == "table" and any(r.input_tokens is None or r.output_tokens is None for r in replies):
            policy = "unknown"  # without counts a table price cannot be applied
        # Loading the table takes a second, once: not on the event loop.
        dollars = await asyncio.to_thread(cost, self.model, tokens, base_url=self.endpoint.base_url, policy=policy)
        return Usage(
            calls=len(replies),
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            cached_tokens=tokens.cached,
            cost_usd=dollars,
        )

    async def _sample(
        self, messages: tuple[Message, ...], options: ChatOptions, key: str, deadline: float, replies: list[Reply]
    ) -> None:
        """Fill `replies` until they hold n samples: one request with n, then single ones for what is missing."""
        have = 0
        if options.n == 1 or self._dialect.takes_n:
            reply = await self._call(messages, options, n=options.n, sample=0, key=key, deadline=deadline)
            replies.append(reply)
            have = reply.choices
            if have < options.n:
                self._dialect.takes_n = False
        slots = asyncio.Semaphore(self._bounds.parallel)

        async def one(sample: int) -> None:
            async with slots:
                single = f"{key}:{sample}" if sample else key
                replies.append(await self._call(messages, options, n=1, sample=sample, key=single, deadline=deadline))

        results = await asyncio.gather(*(one(i) for i in range(have, options.n)), return_exceptions=True)
        for failed in results:
            if failed is not None:
                raise failed

    async def _call(
        self, messages: tuple[Message, ...], options: ChatOptions, *, n: int, sample: int, key: str, deadline: float
    ) -> Reply:
        """One request and its retries."""
        import httpx2
        from openai import APIStatusError, OpenAIError

        from qlp.providers.faults import fault_of
        from qlp.providers.transport import ReplyTooLargeError

        failed = 0
        while True:
            body = self._dialect.body(options, n=n, sample=sample)
            self.breaker.admit()
            try:
                reply = await self._post(messages, body, key, options)
            except (OpenAIError, httpx2.HTTPError, OSError, ReplyTooLargeError, ProviderError) as error:
                fault = fault_of(error, self._where, self.endpoint.redact)
                if fault.outage:
                    self.breaker.failure()
                else:
                    self.breaker.success()
                if isinstance(error, APIStatusError):
                    self._dialect.learn(error)
                    if self._dialect.body(options, n=n, sample=sample) != body:
                        continue
                failed += 1
                if not fault.retry or failed >= self._retry.attempts:
                    raise fault.error from None
                delay = self._retry.delay(failed, fault.retry_after_s, self._rng)
                if self._clock() + delay >= deadline:
                    raise fault.error from None
                logger.info("%s: try %d in %.2f s: %s", self.name, failed + 1, delay, fault.error.code)
                await self._sleep(delay)
            except BaseException:
                self.breaker.release()
                raise
            else:
                self.breaker.success()
                return reply

    async def _post(
        self, messages: tuple[Message, ...], body: dict[str, object], key: str, options: ChatOptions
    ) -> Reply:
        from httpx2 import Timeout

        request = self._connected().chat.completions.with_streaming_response.create(
            model=self.model,
            messages=cast(Any, [{"role": m.role, "content": m.content} for m in messages]),
            extra_body=body,
            extra_headers={"Idempotency-Key": key},
            timeout=Timeout(options.timeout_s, connect=min(self._bounds.connect_s, options.timeout_s)),
        )
        async with request as response:
            chunks = [chunk async for chunk in response.iter_bytes()]
            try:
                return read_reply(b"".join(chunks), response.headers.get("content-type", ""))
            except ProviderError as error:
                raise ProviderError(f"{self._where}: {self.endpoint.redact(error.detail)}", **error.extra) from None

    def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            from openai import AsyncOpenAI

            from qlp.providers.transport import bounded_client

            self._client = AsyncOpenAI(
                base_url=self.endpoint.base_url,
                api_key=self.endpoint.secret or "none",
                max_retries=0,
                http_client=bounded_client(self._bounds.max_bytes, loopback=self.endpoint.loopback),
            )
            if self.endpoint.label != "openai":  # OPENAI_ORG_ID and OPENAI_PROJECT_ID are nobody else's business
                self._client.organization = None
                self._client.project = None
        return self._client
