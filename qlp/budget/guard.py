"""A provider that cannot spend more than the run's cap."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from qlp.budget.ledger import Ledger
from qlp.errors import UnpricedModelError
from qlp.providers.protocol import ChatOptions, Completion, Message, Provider


class Price(Protocol):
    def cost(self, *, input_tokens: int, output_tokens: int) -> Decimal | None:
        """US dollars, or None when the model's price is unknown."""


@dataclass(frozen=True)
class GuardedProvider:
    """Reserves the most that a call can cost, makes it, settles what it did cost; the call's key is the entry's key."""

    inner: Provider
    price: Price
    ledger: Ledger
    run_id: str
    cap_usd: Decimal | None

    @property
    def name(self) -> str:
        return self.inner.name

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        """Raises BudgetExceededError, or UnpricedModelError if there is a cap and no price."""
        # a token is at least one byte: the prompt's bytes bound its tokens in any vocabulary
        prompt = sum(len(m.content.encode()) + 16 for m in messages) * options.n
        most = self.price.cost(input_tokens=prompt, output_tokens=options.max_tokens * options.n)
        if most is None and self.cap_usd is not None:
            raise UnpricedModelError(
                f"the price of {self.name} is unknown, so a cost cap cannot be kept: set QLP_MODELS__PRICE=free for a "
                "self-hosted model, choose a priced model, or drop the cap"
            )
        await self.ledger.reserve(self.run_id, idempotency_key, most or Decimal(0), self.cap_usd)
        completion = await self.inner.complete(messages, options, idempotency_key=idempotency_key)
        await self.ledger.settle(self.run_id, idempotency_key, completion.usage.cost_usd or Decimal(0))
        return completion
