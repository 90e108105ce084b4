"""Azure OpenAI: chat completions with the deployment in the path, an api-version, and the header `api-key`.

`provider:model` names the deployment, not the model behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlp.errors import InputError
from qlp.providers.attempts import Patience
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.chat import ChatModel
from qlp.providers.endpoint import Endpoint
from qlp.providers.kinds import ModelProvider, Source
from qlp.providers.openai.wire import OpenAIWire
from qlp.providers.wire import Bounds

if TYPE_CHECKING:
    from openai import AsyncAzureOpenAI

API_VERSION = "2024-10-21"
"""The last version that is dated and not a preview; it has structured output."""
_OWN = ("azure.com", "azure.us", "azure.cn", "azure-api.net")
_KEYS = ("AZURE_OPENAI_API_KEY",)


class AzureOpenAI(ChatModel):
    def __init__(
        self,
        endpoint: Endpoint,
        deployment: str,
        *,
        api_version: str = API_VERSION,
        breaker: CircuitBreaker | None = None,
        patience: Patience | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        bounds = bounds or Bounds()

        def connect(endpoint: Endpoint, bounds: Bounds) -> AsyncAzureOpenAI:
            return _connect(endpoint, bounds, deployment, api_version)

        wire = OpenAIWire(endpoint, deployment, bounds, connect, cache_keys=False)
        super().__init__(endpoint, deployment, wire, breaker=breaker, patience=patience, bounds=bounds)


class AzureKind:
    """`azure`: base_url or AZURE_OPENAI_ENDPOINT, api_version or OPENAI_API_VERSION, and a key."""

    def connect(self, source: Source) -> ModelProvider:
        given = source.settings.base_url or source.environ.get("AZURE_OPENAI_ENDPOINT")
        if not given:
            raise InputError(
                f"no address for {source.name}: set {source.variable('base_url')} or AZURE_OPENAI_ENDPOINT to "
                "https://RESOURCE.openai.azure.com"
            )
        key = source.needed_key(given, _KEYS, _OWN)
        names = " or ".join((source.variable("api_key"), *_KEYS))
        endpoint = source.endpoint(given, key, key_name=names)
        version = source.settings.api_version or source.environ.get("OPENAI_API_VERSION") or API_VERSION
        breaker = source.breakers.of(endpoint.base_url, source.model)
        return AzureOpenAI(endpoint, source.model, api_version=version, breaker=breaker)


def _connect(endpoint: Endpoint, bounds: Bounds, deployment: str, api_version: str) -> AsyncAzureOpenAI:
    from openai import AsyncAzureOpenAI

    from qlp.providers.transport import bounded_client

    return AsyncAzureOpenAI(
        azure_endpoint=endpoint.base_url,
        azure_deployment=deployment,
        api_version=api_version,
        api_key=endpoint.secret or "none",
        max_retries=0,
        http_client=bounded_client(bounds.max_bytes, loopback=endpoint.loopback),
    )


AZURE = AzureKind()
