"""Chat completion over any OpenAI-compatible endpoint: OpenAI, Ollama, vLLM, LiteLLM, llama.cpp and many more."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qlp.providers.attempts import Patience
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.chat import ChatModel
from qlp.providers.endpoint import Endpoint
from qlp.providers.openai.wire import OpenAIWire
from qlp.providers.retry import RetryPolicy
from qlp.providers.wire import Bounds

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_OPENAI_HOST = "api.openai.com"


class OpenAICompatible(ChatModel):
    """Provider for one model at one endpoint. Use it from one event loop; `aclose` it at the end."""

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        *,
        breaker: CircuitBreaker | None = None,
        retry: RetryPolicy | None = None,
        bounds: Bounds | None = None,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        bounds = bounds or Bounds()
        own = urlsplit(endpoint.base_url).hostname == _OPENAI_HOST
        super().__init__(
            endpoint,
            model,
            OpenAIWire(endpoint, model, bounds, connect, cache_keys=own),
            breaker=breaker,
            patience=Patience(retry=retry or RetryPolicy(), rng=rng or random.Random(), clock=clock, sleep=sleep),
            bounds=bounds,
        )


def connect(endpoint: Endpoint, bounds: Bounds) -> AsyncOpenAI:
    """The official client of an endpoint, without retries of its own."""
    from openai import AsyncOpenAI

    from qlp.providers.transport import bounded_client

    client = AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.secret or "none",
        max_retries=0,
        http_client=bounded_client(bounds.max_bytes, loopback=endpoint.loopback),
    )
    if urlsplit(endpoint.base_url).hostname != _OPENAI_HOST:
        # OPENAI_ORG_ID and OPENAI_PROJECT_ID are nobody else's business.
        client.organization = None
        client.project = None
    return client
