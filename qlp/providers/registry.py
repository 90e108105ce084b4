"""Finds the provider of a name, and the names that serve a tier."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from qlp.config import ProviderSettings, Settings, TierSettings
from qlp.errors import InputError, NoGeneratorError, ProviderError
from qlp.models import Tier
from qlp.providers.breaker import Breakers
from qlp.providers.discovery import LOCAL_URL, choose_model, discover, list_models
from qlp.providers.endpoint import Endpoint
from qlp.providers.kinds import Hosts, ModelProvider, ProviderKind, Source, kinds
from qlp.providers.openai_compatible import OpenAICompatible

BREAKERS = Breakers()
"""One breaker for an endpoint and model in the whole process, so that parallel runs learn of an outage together."""
_MOST = 1000
"""Names that are remembered: callers of the OpenAI API choose them."""
_BELOW: dict[Tier, Tier] = {"t0": "t1", "t2": "t1", "t3": "t2"}
"""Whose model a tier takes that names none; T0 has no tier below that asks a model."""


class ProviderRegistry:
    """Connects a model when it is first asked for. Use it from one event loop; `aclose` it at the end.

    A name is `provider:model` or an id at the endpoint of `settings.models`. Providers are looked up in
    `settings.providers`, then under the name of that endpoint, then among the installed kinds. An id may hold a colon
    itself (`qwen3:8b`): what begins with no provider's name is an id.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str] | None = None,
        *,
        breakers: Breakers = BREAKERS,
        vllm: Hosts | None = None,
        local_url: str = LOCAL_URL,
    ) -> None:
        """`vllm`: the models that this cluster hosts itself, by the name after `vllm:`."""
        self._settings = settings
        self._environ = os.environ if environ is None else environ
        self._breakers = breakers
        self._hosts = vllm
        self._local_url = local_url
        self._endpoint: Endpoint | None = None
        self._listed: tuple[str, ...] | None = None
        self._connected: dict[str, ModelProvider] = {}
        self._looking = asyncio.Lock()

    async def provider(self, name: str) -> ModelProvider:
        """Sends no completion. Raises InputError for an unknown provider or settings that cannot work,
        NoGeneratorError for an id when there is no endpoint, ProviderError for a missing key (reason `auth`) or
        package (reason `unsupported`)."""
        found = self._connected.get(name)
        if found is None:
            made = await self._connect(name)
            found = self._connected.setdefault(made.name, made)
            self._connected[name] = found
            while len(self._connected) > _MOST:  # who still uses the oldest keeps it
                del self._connected[next(iter(self._connected))]
        return found

    async def chain(self, tier: Tier) -> tuple[str, ...]:
        """`provider:model` of the tier's model, then of its fallbacks; empty if no model is configured or found.

        A model that the settings name is taken as it is; else the endpoint is asked for its list.
        Raises ProviderError when an endpoint is configured and does not answer, or lists no model.
        """
        settings = self._tier(tier)
        first = settings.model or await self._default()
        if first is None:
            return ()
        names = [await self._full(name) for name in (first, *settings.fallbacks)]
        return tuple(dict.fromkeys(names))

    async def endpoint(self) -> Endpoint | None:
        """The endpoint of `settings.models`; looked for again as long as there is none. Raises InputError."""
        async with self._looking:
            if self._endpoint is None:
                self._endpoint = await discover(self._settings.models, self._environ, local_url=self._local_url)
            return self._endpoint

    async def aclose(self) -> None:
        unique = {id(provider): provider for provider in self._connected.values()}
        self._connected.clear()
        for provider in unique.values():
            await provider.aclose()

    def _tier(self, tier: Tier) -> TierSettings:
        """What it names no model for, it takes from the tier below: its model, and fallbacks if it has none."""
        own: TierSettings = getattr(self._settings.tiers, tier)
        if own.model or tier not in _BELOW:
            return own
        below = self._tier(_BELOW[tier])
        return own.model_copy(update={"model": below.model, "fallbacks": own.fallbacks or below.fallbacks})

    async def _default(self) -> str | None:
        endpoint = await self.endpoint()
        if endpoint is None:
            return None
        model = choose_model(await self._ids(endpoint))
        if model is None:
            raise ProviderError(
                f"{endpoint.base_url} lists no model; pull one, or set QLP_TIERS__T1__MODEL", reason="not_found"
            )
        return f"{endpoint.label}:{model}"

    async def _ids(self, endpoint: Endpoint) -> tuple[str, ...]:
        if not self._listed:
            self._listed = await list_models(endpoint)
        return self._listed

    async def _full(self, name: str) -> str:
        """`provider:model`, also of an id."""
        prefix, colon, _ = name.partition(":")
        if colon and prefix in self._settings.providers:
            return name
        endpoint = await self.endpoint()
        if colon and ((endpoint and prefix == endpoint.label) or prefix in kinds()):
            return name
        return f"{endpoint.label}:{name}" if endpoint else name

    async def _connect(self, name: str) -> ModelProvider:
        prefix, colon, model = name.partition(":")
        if colon and model and prefix in self._settings.providers:
            settings = self._settings.providers[prefix]
            return self._kind(settings.kind, prefix).connect(self._source(prefix, model, settings))
        endpoint = await self.endpoint()
        if colon and model and endpoint and prefix == endpoint.label:
            return self._at(endpoint, model)
        if colon and model and prefix in kinds():
            return kinds()[prefix].connect(self._source(prefix, model, ProviderSettings.model_construct(kind=prefix)))
        if endpoint is None:
            if colon:
                raise self._unknown(prefix)
            raise NoGeneratorError(
                f"{name} is an id at the endpoint of `models`, and there is none: set OPENAI_API_KEY or "
                "QLP_MODELS__BASE_URL, start Ollama, or write provider:model"
            )
        if colon and not await self._lists(endpoint, name):
            raise self._unknown(prefix, f"; {endpoint.base_url} has no model {name} either")
        return self._at(endpoint, name)

    async def _lists(self, endpoint: Endpoint, model: str) -> bool:
        """Whether an id with a colon is one of the endpoint; one that cannot be asked gets the benefit of the doubt."""
        try:
            if model not in await self._ids(endpoint):
                self._listed = None  # it may be new
            return model in await self._ids(endpoint)
        except ProviderError:
            return True

    def _at(self, endpoint: Endpoint, model: str) -> ModelProvider:
        return OpenAICompatible(endpoint, model, breaker=self._breakers.of(endpoint.base_url, model))

    def _source(self, name: str, model: str, settings: ProviderSettings) -> Source:
        return Source(
            name=name,
            model=model,
            settings=settings,
            environ=self._environ,
            breakers=self._breakers,
            hosts=self._hosts,
        )

    def _kind(self, kind: str, name: str) -> ProviderKind:
        if kind not in kinds():
            raise InputError(f"providers.{name}.kind is {kind!r}; installed are {', '.join(sorted(kinds()))}")
        return kinds()[kind]

    def _unknown(self, prefix: str, more: str = "") -> InputError:
        known = ", ".join(sorted({*self._settings.providers, *kinds()}))
        return InputError(f"there is no provider {prefix!r}: configure it as providers.{prefix}, or use {known}{more}")
