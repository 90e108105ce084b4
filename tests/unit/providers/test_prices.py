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
