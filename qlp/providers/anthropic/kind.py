"""Claude models over the Messages API, as a provider and as a kind."""

from __future__ import annotations

from qlp.providers.anthropic.wire import AnthropicWire
from qlp.providers.attempts import Patience
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.chat import ChatModel
from qlp.providers.endpoint import Endpoint
from qlp.providers.kinds import ModelProvider, Source, need_package
from qlp.providers.wire import Bounds

URL = "https://api.anthropic.com"
_OWN = ("api.anthropic.com",)
_KEYS = ("ANTHROPIC_API_KEY",)


class Anthropic(ChatModel):
    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        *,
        breaker: CircuitBreaker | None = None,
        patience: Patience | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        bounds = bounds or Bounds()
        wire = AnthropicWire(endpoint, model, bounds)
        super().__init__(endpoint, model, wire, breaker=breaker, patience=patience, bounds=bounds)


class AnthropicKind:
    """`anthropic`: base_url or ANTHROPIC_BASE_URL, by default the public service, and a key."""

    def connect(self, source: Source) -> ModelProvider:
        need_package("anthropic", "anthropic", source.name)
        given = source.settings.base_url or source.environ.get("ANTHROPIC_BASE_URL") or URL
        key = source.needed_key(given, _KEYS, _OWN)
        names = " or ".join((source.variable("api_key"), *_KEYS))
        endpoint = source.endpoint(given.rstrip("/").removesuffix("/v1"), key, key_name=names)
        return Anthropic(endpoint, source.model, breaker=source.breakers.of(endpoint.base_url, source.model))


ANTHROPIC = AnthropicKind()
