"""The configured models as the pipeline sees them: what there is, and a provider with a price for each tier."""

from __future__ import annotations

from qlp.budget import PriceBook
from qlp.budget.price_book import BookPrice
from qlp.config import Settings
from qlp.errors import NoGeneratorError
from qlp.models import Tier
from qlp.models._base import Frozen
from qlp.providers.discovery import discover, list_models
from qlp.providers.kinds import Hosts, ModelProvider
from qlp.providers.registry import ProviderRegistry


class Available(Frozen):
    """`default` is the `provider:model` of tier T1, None if no model is configured."""

    default: str | None


class Listing(Frozen):
    """What an endpoint offers; `url` None means that none is configured."""

    url: str | None
    models: tuple[str, ...] = ()


class Models:
    """Connects when a model is first needed; looks again as long as there was none."""

    def __init__(self, settings: Settings, *, hosts: Hosts | None = None) -> None:
        """`hosts`: the models that this cluster hosts itself."""
        self._settings = settings
        self._registry = ProviderRegistry(settings, vllm=hosts)
        self._book = PriceBook(settings.prices, settings.home)

    async def available(self) -> Available:
        """Raises ProviderError when an endpoint is configured and does not answer."""
        chain = await self._registry.chain("t1")
        return Available(default=chain[0] if chain else None)

    async def chain(self, tier: Tier) -> tuple[str, ...]:
        """`provider:model` of the tier's model, then of its fallbacks.

        Raises NoGeneratorError when no model is configured any more, and what the registry raises.
        """
        chain = await self._registry.chain(tier)
        if not chain:
            raise NoGeneratorError("the model endpoint is not configured any more: set OPENAI_API_KEY or start Ollama")
        return chain

    async def named(self, name: str) -> tuple[ModelProvider, BookPrice]:
        """Raises what `ProviderRegistry.provider` raises."""
        found = await self._registry.provider(name)
        return found, self._book.of_provider(found)

    async def provider(self, tier: Tier) -> tuple[ModelProvider, BookPrice]:
        """The tier's own model. Raises what `chain` and `named` raise."""
        return await self.named((await self.chain(tier))[0])

    async def listing(self) -> Listing:
        """Raises ProviderError when an endpoint is configured and does not answer."""
        endpoint = await discover(self._settings.models)
        return Listing(url=endpoint.base_url, models=await list_models(endpoint)) if endpoint else Listing(url=None)
