"""Who answers a model's name: a run, a model of this cluster, or a provider."""

from __future__ import annotations

from actors.vllm.client import ModelClient
from actors.vllm.declared import declared
from actors.vllm.provider import PROVIDER, hosts
from qlp.calls.layers import CallLayers
from qlp.calls.windows import Limit
from qlp.errors import InputError, NoGeneratorError, ProviderError
from qlp.providers.openai_compatible import OpenAICompatible
from qlp.providers.registry import BREAKERS, ProviderRegistry
from serve_app.backend import Backend
from serve_app.openai.allowance import Allowance
from serve_app.openai.converted import Converted
from serve_app.openai.exchange import Answerer
from serve_app.openai.hosted import Hosted
from serve_app.openai.run_answer import PREFIX, TIERS, RunAnswerer
from serve_app.openai.toll import Toll
from serve_app.openai.upstream import Sessions, Upstream

_MOST = 500
"""Names that are remembered: callers choose them, and the oldest can be found again."""


class Gateway:
    """One per process; what a name stands for is found once."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._settings = backend.settings
        self._toll = Toll(backend.settings, backend.database)
        self._registry = ProviderRegistry(backend.settings, vllm=hosts(backend.settings.vllm))
        self._layers = CallLayers.open(backend.settings, backend.database, BREAKERS)
        self._sessions = Sessions()
        self._known: dict[str, Answerer] = {}

    async def answerer(self, model: str) -> Answerer:
        """Raises ProviderError with reason `not_found` for a name that stands for nothing."""
        found = self._known.get(model)
        if found is None:
            found = await self._find(model)
            while len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[model] = found
        return found

    async def close(self) -> None:
        await self._sessions.close()
        await self._registry.aclose()
        self._layers.close()

    async def _find(self, model: str) -> Answerer:
        if model in TIERS:
            return RunAnswerer(model, self._backend.runs, self._backend.capsules)
        if model.startswith(PREFIX) and ":" not in model:
            raise ProviderError(f"there is no model {model!r}; runs are {', '.join(TIERS)}", reason="not_found")
        timeout_s, max_tokens = self._settings.models.timeout_s, self._settings.models.max_tokens
        provider, _, name = model.partition(":")
        if provider == PROVIDER and PROVIDER not in self._settings.providers:
            base, _ = declared(self._settings.vllm, name)
            return Hosted(model, name, ModelClient(base), self._toll, timeout_s=timeout_s)
        try:
            found = await self._registry.provider(model)
        except (InputError, NoGeneratorError) as error:
            raise ProviderError(error.detail, reason="not_found") from error
        if isinstance(found, OpenAICompatible):
            return Upstream(
                found.name,
                found.model,
                found.endpoint,
                found.breaker,
                self._sessions,
                self._toll,
                timeout_s=timeout_s,
                max_tokens=max_tokens,
                allowance=self._allowance(found),
            )
        return Converted(found, self._toll, self._layers, timeout_s=timeout_s, max_tokens=max_tokens)

    def _allowance(self, found: OpenAICompatible) -> Allowance | None:
        bucket = self._layers.bucket(found)
        if bucket.limit == Limit():
            return None
        models = self._settings.models
        return Allowance(self._layers.limiter, bucket, models.max_tokens, models.timeout_s)
