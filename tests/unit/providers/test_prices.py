from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from qlp.providers.prices import Tokens, cost, priced, provider_id

pytestmark = pytest.mark.unit
OPENAI = "https://api.openai.com/v1"
AT = datetime(2026, 1, 1, tzinfo=UTC)
MILLION = Tokens(input=1_000_000, output=1_000_000)


def test_exact_model_at_its_provider() -> None:
    assert cost("gpt-4o-mini", MILLION, base_url=OPENAI, at=AT) == Decimal("0.75")
    assert cost("gpt-4o-mini-2024-07-18", MILLION, base_url=OPENAI, at=AT) == Decimal("0.75")


def test_cached_tokens_are_cheaper() -> None:
    tokens = Tokens(input=1_000_000, output=0, cached=400_000)
    assert cost("gpt-4o-mini", tokens, base_url=OPENAI, at=AT) == Decimal("0.12")


@pytest.mark.parametrize("model", ["gpt-4o-mini-custom", "my-gpt-4o-mini", "gpt-4o-min", "gpt-4o-mini2", "", "gpt"])
def test_a_similar_name_has_no_price(model: str) -> None:
    assert cost(model, MILLION, base_url=OPENAI, at=AT) is None
    assert not priced(model, base_url=OPENAI)


def test_gateways_name_the_maker_or_use_the_exact_id() -> None:
    gateway = "https://llm.example.com/v1"
    assert cost("openai/gpt-4o-mini", MILLION, base_url=gateway, at=AT) == Decimal("0.75")
    assert cost("gpt-4o-mini", MILLION, base_url=gateway, at=AT) == Decimal("0.75")
    assert cost("llama-local", MILLION, base_url=gateway, at=AT) is None


def test_policies() -> None:
    assert cost("anything", MILLION, base_url=OPENAI, policy="free") == Decimal(0)
    assert cost("gpt-4o-mini", MILLION, base_url=OPENAI, policy="unknown") is None


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (OPENAI, "openai"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.openai.com.evil.example/v1", None),
        ("https://example.com/https://api.openai.com/v1", None),
        ("http://127.0.0.1:8000/v1", None),
    ],
)
def test_provider_by_address(url: str, name: str | None) -> None:
    assert provider_id(url) == name


ANTHROPIC = "https://api.anthropic.com"
BEDROCK = "https://bedrock-runtime.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("url", "model", "usd"),
    [
        (ANTHROPIC, "claude-3-5-haiku", "4.80"),
        (ANTHROPIC, "claude-3-5-haiku-20241022", "4.80"),
        (ANTHROPIC, "claude-sonnet-4-20250514", "18.00"),
        (ANTHROPIC, "claude-3-5-haikuish", None),
        (ANTHROPIC, "claude-3-5-haiku-20241022-tuned", None),
        (ANTHROPIC, "my-claude-3-5-haiku", None),
        (BEDROCK, "amazon.nova-lite-v1:0", "0.30"),
        (BEDROCK, "eu.amazon.nova-lite-v1:0", "0.30"),
        (BEDROCK, "amazon.nova-lite-v2:0", None),
        (BEDROCK, "anthropic.claude-3-5-haiku-20241022-v1:0", "4.80"),
        (BEDROCK, "amazon.nova-litest-v1:0", None),
        ("https://mine.openai.azure.com/openai", "gpt-4o-mini", "0.75"),
        ("https://mine.openai.azure.com/openai", "my-deployment", None),
    ],
)
def test_a_snapshot_of_a_model_has_its_price_and_a_relative_has_none(url: str, model: str, usd: str | None) -> None:
    assert cost(model, MILLION, base_url=url, at=AT) == (None if usd is None else Decimal(usd))


def test_a_large_prompt_a_cache_write_and_a_batch_have_their_own_prices() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    small, large = Tokens(input=100_000, output=0), Tokens(input=300_000, output=0)
    model = "claude-sonnet-4-5"
    assert cost(model, small, base_url=ANTHROPIC, at=at) == Decimal("0.3")
    assert cost(model, large, base_url=ANTHROPIC, at=at) == Decimal("1.8")
    written = Tokens(input=100_000, output=0, cache_write=100_000)
    assert cost(model, written, base_url=ANTHROPIC, at=at) == Decimal("0.375")
    assert cost("gpt-4o-mini", MILLION, base_url=OPENAI, at=at, batch=True) == Decimal("0.375")


def test_larger_prompts_are_never_cheaper_so_the_bound_of_a_prompt_bounds_its_cost() -> None:
    from genai_prices.data_snapshot import get_snapshot
    from genai_prices.types import ModelPrice, TieredPrices

    tiered = 0
    for provider in get_snapshot().providers:
        for model in provider.models:
            prices = [model.prices] if isinstance(model.prices, ModelPrice) else [p.prices for p in model.prices]
            for value in (v for p in prices for v in vars(p).values() if isinstance(v, TieredPrices)):
                steps = [value.base, *(tier.price for tier in value.tiers)]
                assert steps == sorted(steps), (provider.id, model.id)
                tiered += 1
    assert tiered
