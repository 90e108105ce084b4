"""What a call costs, by the exact id of the model. A price that is not known is None, never zero."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Literal

from qlp.models._base import Frozen

if TYPE_CHECKING:
    from genai_prices.types import MatchLogic, ModelInfo, Provider

PricePolicy = Literal["table", "free", "unknown"]

_MAKERS = ("openai", "anthropic", "google", "mistral", "deepseek", "x-ai", "cohere")
"""Whose list prices count for a gateway that the table does not know; they share no model id."""


class Tokens(Frozen):
    """Tokens of one or more calls; `cached` is the part of `input` that was read from the provider's cache."""

    input: int
    output: int
    cached: int = 0


def cost(
    model: str, tokens: Tokens, *, base_url: str, policy: PricePolicy = "table", at: datetime | None = None
) -> Decimal | None:
    """US dollars at time `at` (now), None if the price is unknown. `model` is the id as the endpoint knows it."""
    if policy == "free":
        return Decimal(0)
    found = _entry(model, base_url) if policy == "table" else None
    if found is None:
        return None
    from genai_prices.types import Usage

    provider, entry = found
    usage = Usage(
        input_tokens=tokens.input, output_tokens=tokens.output, cache_read_tokens=min(tokens.cached, tokens.input)
    )
    return entry.calc_price(usage, provider, genai_request_timestamp=at or datetime.now(UTC)).total_price


def priced(model: str, *, base_url: str, policy: PricePolicy = "table") -> bool:
    """Whether `cost` will have an answer."""
    return cost(model, Tokens(input=1, output=1), base_url=base_url, policy=policy) is not None


def provider_id(base_url: str) -> str | None:
    """Name of the provider behind an address (`openai`, `groq`, ...), None if the table does not know it."""
    provider = _provider_at(base_url)
    return provider.id if provider else None


@cache
def _providers() -> dict[str, Provider]:
    from genai_prices.data_snapshot import get_snapshot

    return {p.id: p for p in get_snapshot().providers}


def _provider_at(base_url: str) -> Provider | None:
    for provider in _providers().values():
        found = re.match(provider.api_pattern, base_url)
        # The table's patterns do not end at the host: api.openai.com.evil.example must not pass for OpenAI.
        if found and (
            provider.api_pattern.endswith(r"\.") or base_url[found.end() : found.end() + 1] in ("", "/", ":")
        ):
            return provider
        if found and found.group().endswith("/"):
            return provider
    return None


@cache
def _entry(model: str, base_url: str) -> tuple[Provider, ModelInfo] | None:
    providers = _providers()
    provider = _provider_at(base_url)
    if provider is not None:
        candidates = [provider.id, *(provider.fallback_model_providers or ())]
        return _exact(model, candidates)
    maker, _, name = model.partition("/")  # gateways write openai/gpt-4o-mini
    if name and maker in providers:
        return _exact(name, [maker])
    return _exact(model, _MAKERS)


def _exact(model: str, candidates: list[str] | tuple[str, ...]) -> tuple[Provider, ModelInfo] | None:
    providers = _providers()
    for name in candidates:
        provider = providers.get(name)
        for entry in provider.models if provider else ():
            if provider and (model == entry.id or model in _equal_names(entry.match)):
                return provider, entry
    return None


def _equal_names(match: MatchLogic) -> Iterator[str]:
    """Names that a match tree accepts by equality; its prefixes, substrings and patterns are left out on purpose."""
    from genai_prices.types import ClauseEquals, ClauseOr

    if isinstance(match, ClauseEquals):
        yield match.equals
    elif isinstance(match, ClauseOr):
        for clause in match.or_:
            yield from _equal_names(clause)
