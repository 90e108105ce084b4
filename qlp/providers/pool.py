"""The models of the tiers, connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qlp.config import ModelSettings, TiersSettings
from qlp.errors import ProviderError
from qlp.providers.breaker import Breakers
from qlp.providers.discovery import choose_model, discover, list_models
from qlp.providers.endpoint import Endpoint
from qlp.providers.openai_compatible import OpenAICompatible
from qlp.providers.prices import priced

_BREAKERS = Breakers()
"""One breaker a model for the whole process, so that parallel runs learn of an outage together."""


@dataclass(frozen=True)
class ModelPool:
    """Which provider serves which tier."""

    endpoint: Endpoint
    t1: OpenAICompatible
    t2: OpenAICompatible

    def of(self, tier: Literal["t1", "t2"]) -> OpenAICompatible:
        return self.t1 if tier == "t1" else self.t2

    def unpriced(self) -> tuple[str, ...]:
        """Models without a known price: a run with a cost cap must refuse them."""
        url, policy = self.endpoint.base_url, self.endpoint.price
        return tuple(
            dict.fromkeys(p.name for p in (self.t1, self.t2) if not priced(p.model, base_url=url, policy=policy))
        )

    async def aclose(self) -> None:
        await self.t1.aclose()
        if self.t2 is not self.t1:
            await self.t2.aclose()


async def connect(
    settings: ModelSettings,
    tiers: TiersSettings = TiersSettings(),
    environ: Mapping[str, str] | None = None,
    *,
    breakers: Breakers = _BREAKERS,
) -> ModelPool | None:
    """Find the endpoint and settle the models; None if no model is configured and none was found.

    A model that the settings name is taken as it is; else the endpoint is asked for its list, and its
    ProviderError is the caller's. No completion is requested.
    """
    endpoint = await discover(settings, environ)
    if endpoint is None:
        return None
    t1 = tiers.t1.model or choose_model(await list_models(endpoint))
    if t1 is None:
        raise ProviderError(
            f"{endpoint.base_url} lists no model; pull one, or set QLP_TIERS__T1__MODEL", reason="not_found"
        )
    first = OpenAICompatible(endpoint, t1, breaker=breakers.of(endpoint.base_url, t1))
    t2 = tiers.t2.model or t1
    if t2 == t1:
        return ModelPool(endpoint, first, first)
    second = OpenAICompatible(endpoint, t2, breaker=breakers.of(endpoint.base_url, t2))
    return ModelPool(endpoint, first, second)
