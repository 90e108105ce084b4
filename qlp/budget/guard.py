"""A provider that cannot spend more than the budgets of its caller."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol, cast

from qlp.budget.call import Call, Reservation, Spender, task_of
from qlp.budget.ledger import Ledger
from qlp.budget.price_book import BookPrice
from qlp.budget.worst_case import worst_case
from qlp.errors import (
    OverloadedError,
    ProviderError,
    ProviderRateLimitError,
    StorageError,
    UnpricedModelError,
)
from qlp.models import Usage
from qlp.providers.protocol import ChatOptions, Completion, Delta, Message, Provider, StreamingProvider
from qlp.providers.reply import usage_of

log = logging.getLogger(__name__)

FREE_REASONS = frozenset({"auth", "not_found", "context_length", "unsupported", "breaker_open"})
FREE_STATUSES = frozenset({400, 401, 403, 404, 413, 422, 429})
"""Of a ProviderError: refused before an answer was begun. All other failures may have been charged."""


class Price(Protocol):
    def cost(self, *, input_tokens: int, output_tokens: int) -> Decimal | None:
        """US dollars, or None when the model's price is unknown."""


def _attempt() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True)
class GuardedProvider:
    """Reserves the most that a call can cost, makes it, settles what it did cost.

    One model: the links of a chain of fallbacks are guarded each, so that only what is really asked is reserved.
    """

    inner: Provider
    price: Price
    ledger: Ledger
    run_id: str
    cap_usd: Decimal | None
    """Of the run itself; budgets of key, user and tenant are the ledger's business."""
    spender: Spender = field(default_factory=Spender)
    """Empty: whose the run is."""
    tier: str = ""
    new_attempt: Callable[[], str] = field(default=_attempt, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    @property
    def name(self) -> str:
        return self.inner.name

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        """Raises BudgetExceededError, or UnpricedModelError where something is capped and the price is unknown."""
        reservation = await self._reserve(messages, options, idempotency_key)
        began = self.clock()
        try:
            completion = await self.inner.complete(messages, options, idempotency_key=idempotency_key)
        except Exception as error:
            await self._failed(reservation, error, self.clock() - began)
            raise
        return await self._settled(reservation, completion, self.clock() - began)

    async def stream(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> AsyncIterator[Delta]:
        """The same in pieces. A stream that the caller leaves has been paid for: its reservation stays."""
        reservation = await self._reserve(messages, options, idempotency_key)
        began = self.clock()
        settled = False
        pieces = cast(StreamingProvider, self.inner).stream(messages, options, idempotency_key=idempotency_key)
        try:
            async for delta in pieces:
                if delta.completion is not None:
                    settled = True
                    whole = await self._settled(reservation, delta.completion, self.clock() - began)
                    delta = delta.model_copy(update={"completion": whole})
                yield delta
        except Exception as error:
            if not settled:
                await self._failed(reservation, error, self.clock() - began)
            raise
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    async def _reserve(self, messages: tuple[Message, ...], options: ChatOptions, key: str) -> Reservation:
        work = worst_case(messages, options, provider=self.name.partition(":")[0])
        if isinstance(self.price, BookPrice):
            # Loading the table takes a second, once: not on the event loop.
            most = await asyncio.to_thread(self.price.worst, work)
            refused = most is None and self.price.book.settings.unknown == "refuse"
        else:
            most = self.price.cost(input_tokens=work.input_tokens, output_tokens=work.output_tokens)
            refused = False
        if refused or (most is None and self.cap_usd is not None):
            raise self._unpriced("prices.unknown is `refuse`" if refused else "a cost cap cannot be kept")
        call = Call(
            run_id=self.run_id,
            key=key,
            attempt=self.new_attempt(),
            model=self.name,
            task=task_of(self.run_id, key),
            tier=self.tier,
            spender=self.spender,
        )
        try:
            return await self.ledger.reserve(call, most, cap=self.cap_usd, timeout_s=options.timeout_s)
        except UnpricedModelError as error:
            raise self._unpriced(error.detail) from None

    def _unpriced(self, why: str) -> UnpricedModelError:
        return UnpricedModelError(
            f"the price of {self.name} is unknown ({why}): state it in prices.own, set prices.unknown to `ceiling`, or "
            "QLP_MODELS__PRICE=free for a self-hosted model, choose a priced model, or drop the cap",
            model=self.name,
        )

    def _cost(self, usage: Usage, seconds: float) -> Usage:
        if isinstance(self.price, BookPrice):
            return usage.model_copy(update={"cost_usd": self.price.charge(usage, seconds=seconds)})
        return usage

    async def _settled(self, reservation: Reservation, completion: Completion, seconds: float) -> Completion:
        if completion.cached:
            await self._end(self.ledger.release(reservation))
            return completion
        usage = self._cost(completion.usage, seconds)
        await self._end(self.ledger.settle(reservation, usage))
        return completion.model_copy(update={"usage": usage})

    async def _failed(self, reservation: Reservation, error: Exception, seconds: float) -> None:
        """Settle what the error says that it cost; release what surely cost nothing; leave the rest counted in full."""
        if isinstance(error, ProviderError) and error.extra.get("usage"):
            usage = self._cost(usage_of(error), seconds)
            error.extra["usage"] = usage.model_dump(mode="json")
            await self._end(self.ledger.settle(reservation, usage))
        elif _free(error):
            await self._end(self.ledger.release(reservation))
        else:
            await self._end(self.ledger.assume(reservation))

    async def _end(self, step: Awaitable[None]) -> None:
        """An answer that is here is not given up for its bookkeeping: what is not settled goes on to count in full."""
        try:
            await step
        except StorageError:
            log.exception("%s: a call of %s stays reserved", self.name, self.run_id)


def _free(error: Exception) -> bool:
    if isinstance(error, ProviderRateLimitError | OverloadedError):
        return True
    if not isinstance(error, ProviderError):
        return False
    return error.extra.get("reason") in FREE_REASONS or error.extra.get("upstream_status") in FREE_STATUSES
