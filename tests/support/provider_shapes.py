"""Each provider against the scripted server of its shape."""

from __future__ import annotations

from dataclasses import dataclass

# The clients are imported here, so that no test's deadline pays for it.
import anthropic
import botocore.session
import openai
import openai.resources.chat
from pydantic import SecretStr

from qlp.providers.anthropic.kind import Anthropic
from qlp.providers.attempts import Patience
from qlp.providers.azure import AzureOpenAI
from qlp.providers.bedrock.kind import Bedrock
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.chat import ChatModel
from qlp.providers.endpoint import Endpoint
from qlp.providers.openai_compatible import OpenAICompatible
from qlp.providers.retry import RetryPolicy
from qlp.providers.wire import Bounds

QUICK = RetryPolicy(attempts=3, base_s=0.01, cap_s=0.02)
NAMES = ("openai", "azure", "anthropic", "bedrock")
KEY = "sk-very-secret-0123456789"
CLIENTS = (anthropic, botocore.session, openai)


@dataclass(frozen=True)
class Can:
    """What a shape's server has."""

    n: bool = False
    logprobs: bool = False
    seed: bool = False


CAN = {"openai": Can(True, True, True), "azure": Can(True, True, True), "anthropic": Can(), "bedrock": Can()}


def connect(
    shape: str,
    url: str,
    *,
    model: str = "scripted",
    key: str | None = KEY,
    retry: RetryPolicy = QUICK,
    bounds: Bounds | None = None,
    breaker: CircuitBreaker | None = None,
    price: str = "free",
) -> ChatModel:
    endpoint = Endpoint.model_validate(
        {
            "base_url": url,
            "api_key": SecretStr(key) if key else None,
            "label": shape,
            "source": "settings",
            "price": price,
            "key_name": f"QLP_PROVIDERS__{shape.upper()}__API_KEY",
        }
    )
    patience = Patience(retry=retry)
    match shape:
        case "azure":
            return AzureOpenAI(endpoint, model, patience=patience, bounds=bounds, breaker=breaker)
        case "anthropic":
            return Anthropic(endpoint, model, patience=patience, bounds=bounds, breaker=breaker)
        case "bedrock":
            return Bedrock(endpoint, model, region="us-east-1", patience=patience, bounds=bounds, breaker=breaker)
        case _:
            return OpenAICompatible(endpoint, model, retry=retry, bounds=bounds, breaker=breaker)
