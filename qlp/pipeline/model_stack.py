"""The models of a tier with everything around them: limits, money, shared breakers, fallbacks, the cache of answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from qlp.budget import GuardedProvider, Ledger, Spender
from qlp.calls.layers import AnyProvider, CallLayers
from qlp.config import Settings
from qlp.models import Tier
from qlp.pipeline.models import Models
from qlp.providers.kinds import Hosts, ModelProvider
from qlp.providers.protocol import Provider
from qlp.providers.registry import BREAKERS
from qlp.store.engine import Database


@dataclass(frozen=True)
class Purse:
    """What a call is made for, and who pays."""

    run_id: str
    """The run, or an id of another piece of work."""
    cap_usd: Decimal | None = None
    spender: Spender = field(default_factory=Spender)
    """Empty: whose the run is."""


class ModelStack:
    """One of a process. The providers that it makes are cheap: make one for each piece of work."""

    def __init__(
        self, settings: Settings, database: Database, *, ledger: Ledger | None = None, hosts: Hosts | None = None
    ) -> None:
        """`hosts`: the models that this cluster hosts itself. Raises StorageError."""
        self.models = Models(settings, hosts=hosts)
        self._tiers = settings.tiers
        self._ledger = ledger or Ledger(database, settings.budgets)
        self._layers = CallLayers.open(settings, database, BREAKERS)

    async def tier(self, tier: Tier, purse: Purse, *, instead: str | None = None) -> Provider:
        """The tier's model and its fallbacks, or one model `instead` of them.

        Raises NoGeneratorError, ProviderError, InputError.
        """
        names = (instead,) if instead is not None else await self.models.chain(tier)
        connected = [await self.models.named(name) for name in names]
        prices = {model.name: price for model, price in connected}

        def guard(limited: AnyProvider, model: ModelProvider) -> AnyProvider:
            price = prices[model.name]
            return GuardedProvider(limited, price, self._ledger, purse.run_id, purse.cap_usd, purse.spender, tier)

        spender = purse.spender if purse.spender.tenant else await self._ledger.spender_of(purse.run_id)
        return self._layers.around_tier(
            [model for model, _ in connected],
            tenant=spender.tenant,
            guard=guard,
            hedge_after_s=getattr(self._tiers, tier).hedge_after_s,
        )
