"""Models on Amazon Bedrock, as a provider and as a kind."""

from __future__ import annotations

from qlp.errors import InputError
from qlp.providers.attempts import Patience
from qlp.providers.bedrock.wire import BedrockWire
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.chat import ChatModel
from qlp.providers.endpoint import Endpoint
from qlp.providers.kinds import ModelProvider, Source, need_package
from qlp.providers.wire import Bounds


class Bedrock(ChatModel):
    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        *,
        region: str,
        breaker: CircuitBreaker | None = None,
        patience: Patience | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        bounds = bounds or Bounds()
        wire = BedrockWire(endpoint, model, region, bounds)
        super().__init__(endpoint, model, wire, breaker=breaker, patience=patience, bounds=bounds)


class BedrockKind:
    """`bedrock`: a region, and credentials from wherever botocore finds them; `api_key` is a Bedrock API key."""

    def connect(self, source: Source) -> ModelProvider:
        need_package("botocore", "bedrock", source.name)
        environ = source.environ
        region = source.settings.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
        if not region:
            raise InputError(f"no region for {source.name}: set {source.variable('region')} or AWS_REGION")
        own = environ.get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME") or f"https://bedrock-runtime.{region}.amazonaws.com"
        names = f"{source.variable('api_key')}, or the AWS credentials"
        endpoint = source.endpoint(source.settings.base_url or own, source.settings.api_key, key_name=names)
        breaker = source.breakers.of(endpoint.base_url, source.model)
        return Bedrock(endpoint, source.model, region=region, breaker=breaker)


BEDROCK = BedrockKind()
