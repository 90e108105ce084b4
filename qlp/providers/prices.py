"""What a call costs by the public price table, for the exact id of a model. An unknown price is None, never zero.

The table (genai-prices, pinned by the lock file) knows prices by date, time of day, size of the prompt, cache reads and
writes, reasoning and batches. Its own search takes prefixes and substrings; here an id must be the model's own, or
differ by what only names a snapshot of it (model_names.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Literal

from qlp.models._base import Frozen
from qlp.providers.model_names import forms, is_name, is_snapshot

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

PricePolicy = Literal["table", "free", "unknown"]

_MAKERS = ("openai", "anthropic", "google", "mistral", "deepseek", "x-ai", "cohere")
"""Whose list prices count for a gateway that the table does not know; they share no model id."""


class Tokens(Frozen):
    """Tokens of one or more calls."""

    input: int
    output: int
    cached: int = 0
    """Part of `input` that was read from the provider's cache."""
    cache_write: int = 0
    """Part of `input` that was written to it."""
    reasoning: int = 0
    """Part of `output` that is not shown."""


def cost(
    model: str,
    tokens: Tokens,
    *,
    base_url: str,
    policy: PricePolicy = "table",
    at: datetime | None = None,
    batch: bool = False,
) -> Decimal | None:
    """US dollars at time `at` (now), None if the price is unknown. `model` is the id as the endpoint knows it.

    The price by size counts `tokens` as one call. `batch` takes the price of the provider's batch API where the
    table has one, else the full price.
    """
    if policy == "free":
        return Decimal(0)
    found = _entry(model, base_url) if policy == "table" else None
    return None if found is None else _priced(found, tokens, at, batch)


def cost_at(
    model: str, tokens: Tokens, *, provider: str, at: datetime | None = None, batch: bool = False
) -> Decimal | None:
    """The same by the table's name of the provider (`openai`, `azure`, `aws`), without an address."""
    found = _entry_of(model, provider)
    return None if found is None else _priced(found, tokens, at, batch)


def priced(model: str, *, base_url: str, policy: PricePolicy = "table") -> bool:
    """Whether `cost` will have an answer."""
    return cost(model, Tokens(input=1, output=1), base_url=base_url, policy=policy) is not None


def provider_id(base_url: str) -> str | None:
    """Name of the provider behind an address (`openai`, `groq`, ...), None if the table does not know it."""
    provider = _provider_at(base_url)
    return provider.id if provider else None


def _priced(found: tuple[Provider, ModelInfo], tokens: Tokens, at: datetime | None, batch: bool) -> Decimal:
    from genai_prices.types import Usage

    provider, entry = found
    cached = min(tokens.cached, tokens.input)
    # A model without a price for reasoning or cache writes charges them as output and input: so does the table.
    usage = Usage(
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=cached,
        cache_write_tokens=min(tokens.cache_write, tokens.input - cached),
        output_reasoning_tokens=min(tokens.reasoning, tokens.output),
    )
    context = {"processing": "batch"} if batch else None
    when = at or datetime.now(UTC)
    return entry.calc_price(usage, provider, genai_request_timestamp=when, price_context=context).total_price


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
    provider = _provider_at(base_url)
    if provider is not None:
        return _entry_of(model, provider.id)
    maker, _, name = model.partition("/")  # gateways write openai/gpt-4o-mini
    if name and maker in _providers():
        return _exact(name, [maker])
    return _exact(model, _MAKERS)


@cache
def _entry_of(model: str, provider_id: str) -> tuple[Provider, ModelInfo] | None:
    provider = _providers().get(provider_id)
    if provider is None:
        return None
    return _exact(model, [provider.id, *(provider.fallback_model_providers or ())])


def _exact(model: str, candidates: Sequence[str]) -> tuple[Provider, ModelInfo] | None:
    for name in candidates:
        provider = _providers().get(name)
        if provider is None:
            continue
        for entry in provider.models:
            if is_name(model, entry):
                return provider, entry
        for form in forms(model, name):
            entries = [entry for entry in provider.models if is_name(form, entry) or is_snapshot(form, entry)]
            if len(entries) == 1:  # two would be a guess
                return provider, entries[0]
    return None
