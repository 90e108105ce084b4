"""The configured models as the pipeline sees them: what there is, and a provider with a price for each tier."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal

from qlp.config import Settings
from qlp.errors import NoGeneratorError
from qlp.models import Tier
from qlp.models._base import Frozen
from qlp.providers.discovery import discover, list_models
from qlp.providers.openai_compatible import OpenAICompatible
from qlp.providers.pool import ModelPool, connect
from qlp.providers.prices import Tokens, cost


class Available(Frozen):
    """`default` is the `provider:model` of tier T1, None if no model is configured."""

    default: str | None


class Listing(Frozen):
    """What an endpoint offers; `url` None means that none is configured."""

    url: str | None
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelPrice:
    """Price of one model at its endpoint."""

    pool: ModelPool
    model: str

    def cost(self, *, input_tokens: int, output_tokens: int) -> Decimal | None:
        tokens = Tokens(input=input_tokens, output=output_tokens)
        endpoint = self.pool.endpoint
        return cost(self.model, tokens, base_url=endpoint.base_url, policy=endpoint.price)


class Models:
    """Connects when a model is first needed; looks again as long as there was none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: ModelPool | None = None
        self._connecting = asyncio.Lock()

    async def available(self) -> Available:
        """Raises ProviderError when an endpoint is configured and does not answer."""
        pool = await self._connected()
        return Available(default=pool.t1.name if pool else None)

    async def provider(self, tier: Tier) -> tuple[OpenAICompatible, ModelPrice]:
        """Raises NoGeneratorError when no model is configured any more."""
        pool = await self._connected()
        if pool is None:
            raise NoGeneratorError("the model endpoint is not configured any more: set OPENAI_API_KEY or start Ollama")
        found = pool.t2 if tier == "t2" else pool.t1
        return found, ModelPrice(pool, found.model)

    async def listing(self) -> Listing:
        """Raises ProviderError when an endpoint is configured and does not answer."""
        endpoint = await discover(self._settings.models)
        return Listing(url=endpoint.base_url, models=await list_models(endpoint)) if endpoint else Listing(url=None)

    async def _connected(self) -> ModelPool | None:
        async with self._connecting:
            if self._pool is None:
                self._pool = await connect(self._settings.models, self._settings.tiers)
            return self._pool
