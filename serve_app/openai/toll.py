"""Money of a call that is passed on: set aside before it, settled by the usage that the answer reports.

What costs nothing (a model of your own without a price) passes without a look at the ledger.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from qlp.budget import BookPrice, Call, Ledger, PriceBook, Reservation, Spender
from qlp.budget.worst_case import Work, worst_case
from qlp.config import Settings
from qlp.errors import UnpricedModelError
from qlp.models import Usage
from qlp.providers.endpoint import Endpoint
from qlp.providers.openai.reply import read_usage
from qlp.store import Database
from serve_app.openai.body import ChatBody, contract_of
from serve_app.openai.exchange import Asker

_ONE = Work(input_tokens=1, output_tokens=1, seconds=1.0)


@dataclass
class Ticket:
    """A paid passage. Exactly one of `settle`, `release` and `assume` ends it."""

    ledger: Ledger
    reservation: Reservation
    price: BookPrice

    async def settle(self, reported: object) -> None:
        """`reported`: the `usage` of the answer; without one the whole reservation goes on to count."""
        counts = read_usage(reported)
        usage = Usage(
            calls=1,
            input_tokens=counts["input_tokens"] or 0,
            output_tokens=counts["output_tokens"] or 0,
            cached_tokens=counts["cached_tokens"],
            cache_write_tokens=counts["cache_write_tokens"],
            reasoning_tokens=counts["reasoning_tokens"],
            cost_usd=None,
        )
        await self.ledger.settle(self.reservation, usage.model_copy(update={"cost_usd": self.price.charge(usage)}))

    async def release(self) -> None:
        await self.ledger.release(self.reservation)

    async def assume(self) -> None:
        await self.ledger.assume(self.reservation)


class Toll:
    """One per process."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._ledger: Ledger | None = None
        self._book: PriceBook | None = None
        self._free: dict[str, bool] = {}

    async def price(self, name: str, endpoint: Endpoint) -> BookPrice:
        if self._book is None:
            self._book = await asyncio.to_thread(PriceBook, self._settings.prices, self._settings.home)
        kind = name.partition(":")[0]
        address = endpoint.base_url if endpoint.base_url.startswith("http") else ""
        return self._book.of(name, base_url=address, kind=kind, policy=endpoint.price)

    async def ledger(self) -> Ledger:
        if self._ledger is None:
            self._ledger = await asyncio.to_thread(Ledger, self._database, self._settings.budgets)
        return self._ledger

    async def enter(self, name: str, endpoint: Endpoint, body: ChatBody, asker: Asker) -> Ticket | None:
        """None for a model that costs nothing. Raises BudgetExceededError, UnpricedModelError, InputError."""
        if name not in self._free:
            price = await self.price(name, endpoint)
            # The first look into the table loads it, which takes a second.
            self._free[name] = await asyncio.to_thread(price.worst, _ONE) == 0
        if self._free[name]:
            return None
        price = await self.price(name, endpoint)
        models = self._settings.models
        messages, options = contract_of(body, max_tokens=models.max_tokens, timeout_s=models.timeout_s)
        most = price.worst(worst_case(messages, options, provider=name.partition(":")[0]))
        if most is None and self._settings.prices.unknown == "refuse":
            raise UnpricedModelError(f"the price of {name} is unknown, and prices.unknown is `refuse`", model=name)
        call = Call(
            run_id=f"chat_{asker.request_id}"[:64],
            key=asker.idempotency_key or asker.request_id,
            attempt=secrets.token_hex(8),
            model=name,
            task="chat",
            spender=Spender(tenant=asker.tenant, api_key=asker.key_id),
        )
        ledger = await self.ledger()
        return Ticket(ledger, await ledger.reserve(call, most, timeout_s=models.timeout_s), price)


async def metered(
    pieces: AsyncGenerator[bytes, None], ticket: Ticket, seen: dict[str, Any]
) -> AsyncGenerator[bytes, None]:
    """The pieces; at their end the ticket is settled by `seen["usage"]`, that of a reader who leaves is assumed."""
    ended = False
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece
        ended = True
    finally:
        ending = ticket.settle(seen.get("usage")) if ended else ticket.assume()
        await asyncio.shield(asyncio.ensure_future(ending))
