"""Which rungs there are: the tiers that a model serves, with their prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from qlp.config import Settings
from qlp.models import Tier
from qlp.routing.arms import TIERS, Rung

_MILLION = 1_000_000


class Priced(Protocol):
    def cost(self, *, input_tokens: int, output_tokens: int) -> Decimal | None: ...


class Named(Protocol):
    @property
    def name(self) -> str: ...


class TierModels(Protocol):
    """What `qlp.pipeline.models.Models` offers."""

    async def provider(self, tier: Tier) -> tuple[Named, Priced]:
        """Raises NoGeneratorError, ProviderError."""

    async def named(self, name: str) -> tuple[Named, Priced]:
        """The model of this name. Raises InputError, ProviderError."""


def tiers_of(settings: Settings) -> tuple[Tier, ...]:
    """T1 and T2 always; T0 and T3 by a model of their own. What the request or a rule names is added by the router."""
    named = {"t0": settings.tiers.t0.model, "t3": settings.tiers.t3.model}
    return tuple(t for t in TIERS if t in ("t1", "t2") or named[t])


async def fleet_of(models: TierModels, tiers: tuple[Tier, ...], others: dict[Tier, str]) -> tuple[Rung, ...]:
    """`others`: models that an experiment puts in the place of a tier's. Raises what `models` raises."""
    found = []
    for tier in sorted({*tiers, *others}, key=TIERS.index):
        provider, price = await (models.named(others[tier]) if tier in others else models.provider(tier))
        found.append(
            Rung(
                tier=tier,
                model=provider.name,
                input_usd=_usd(price.cost(input_tokens=_MILLION, output_tokens=0)),
                output_usd=_usd(price.cost(input_tokens=0, output_tokens=_MILLION)),
            )
        )
    return tuple(found)


def _usd(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
