from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from qlp.budget import PriceBook
from qlp.budget.money import to_nano, to_usd
from qlp.budget.worst_case import Work, worst_case
from qlp.config import OwnPrice, PriceSettings
from qlp.errors import InputError
from qlp.models import Usage
from qlp.providers.prices import Tokens
from qlp.providers.protocol import ChatOptions, Image, Message, OutputSchema, Tool, ToolCall

pytestmark = pytest.mark.unit
OPENAI = "https://api.openai.com/v1"
MILLION = Tokens(input=1_000_000, output=1_000_000)
NOW = datetime(2026, 6, 15, tzinfo=UTC)


def book(clock: datetime = NOW, **settings: object) -> PriceBook:
    return PriceBook(PriceSettings.model_validate(settings), clock=lambda: clock)


def own(model: str, since: str = "2020-01-01", **prices: object) -> dict[str, object]:
    return {"model": model, "since": since, **(prices or {"input": 1, "output": 2})}


def test_the_operators_price_outranks_the_table_from_its_day_on() -> None:
    prices = [own("openai:gpt-4o-mini", "2026-06-15", input="0.10", output="0.40")]
    for day, usd in ((NOW, "0.50"), (datetime(2026, 6, 14, 23, 59, tzinfo=UTC), "0.75")):
        price = book(day, own=prices).of("openai:gpt-4o-mini", base_url=OPENAI)
        assert price.tokens(MILLION) == Decimal(usd)
    prices.append(own("openai:gpt-4o-mini", "2026-01-01", input="7", output="7"))
    assert book(own=prices).of("openai:gpt-4o-mini").tokens(MILLION) == Decimal("0.50")


def test_each_kind_of_token_has_its_price() -> None:
    prices = {"input": 10, "output": 20, "cached": 1, "cache_write": 12, "reasoning": 30, "batch": "0.5"}
    price = book(own=[own("x:m", **prices)]).of("x:m")
    tokens = Tokens(input=1000, output=1000, cached=400, cache_write=100, reasoning=250)
    whole = Decimal(500 * 10 + 400 * 1 + 100 * 12 + 750 * 20 + 250 * 30) / 1_000_000
    assert price.tokens(tokens) == whole
    assert price.tokens(tokens, batch=True) == whole / 2
    usage = Usage(
        input_tokens=1000, output_tokens=1000, cached_tokens=400, cache_write_tokens=100, reasoning_tokens=250
    )
    assert price.charge(usage.model_copy(update={"cost_usd": Decimal(99)})) == whole


def test_a_price_is_of_exactly_one_model() -> None:
    prices = book(own=[own("azure:mini")])
    for name in ("azure:mini2", "azure:min", "prod:mini", "mini"):
        assert prices.of(name).tokens(MILLION) is None


def test_a_deployment_is_priced_as_the_model_behind_it() -> None:
    prices = book(same_as={"azure:writer": "azure:gpt-4o-mini", "bedrock:arn:aws:x": "bedrock:amazon.nova-lite-v1:0"})
    assert prices.of("azure:writer").tokens(MILLION) == Decimal("0.75")
    assert prices.of("bedrock:arn:aws:x").tokens(MILLION) == Decimal("0.30")
    assert prices.of("azure:other", kind="azure").tokens(MILLION) is None
    assert prices.of("prod:gpt-4o-mini", kind="azure").tokens(MILLION) == Decimal("0.75")


def test_an_unknown_price_is_never_nothing() -> None:
    usage = Usage(calls=1, input_tokens=1000, output_tokens=10, cost_usd=None)
    for policy in ("uncapped", "refuse"):
        price = book(unknown=policy).of("x:m")
        assert price.tokens(MILLION) is None
        assert price.charge(usage) is None
        assert price.worst(Work(input_tokens=1, output_tokens=1)) is None
    ceiling = book(unknown="ceiling", ceiling_input=10, ceiling_output=50).of("x:m")
    assert ceiling.charge(usage) == Decimal("0.0105")
    assert ceiling.charge(Usage(calls=1, cost_usd=None)) is None  # nobody counted
    half = Usage(calls=2, input_tokens=10, output_tokens=5, uncounted=1, cost_usd=None)
    assert ceiling.charge(half) is None
    assert book(own=[own("x:m")]).of("x:m").charge(half) is None
    assert book().of("x:m", policy="free").charge(Usage(calls=1, cost_usd=Decimal(0))) == 0


def test_the_worst_case_is_no_less_than_any_charge() -> None:
    price = book(own=[own("x:m", input=10, output=20, cached=1, cache_write=40, reasoning=90)]).of("x:m")
    work = Work(input_tokens=100, output_tokens=50, writes_cache=True)
    dearest = Usage(calls=1, input_tokens=100, cache_write_tokens=100, output_tokens=50, reasoning_tokens=50)
    assert price.worst(work) == price.charge(dearest)
    plain = price.worst(work.model_copy(update={"writes_cache": False}))
    assert plain == price.charge(dearest.model_copy(update={"cache_write_tokens": 0}))


def test_a_call_over_a_change_of_price_is_reserved_at_the_dearer_one() -> None:
    prices = [own("x:m"), own("x:m", "2026-06-15", input=100, output=100)]
    eve = datetime(2026, 6, 14, 23, 59, tzinfo=UTC)
    price = book(eve, own=prices).of("x:m")
    assert price.worst(Work(input_tokens=10_000, output_tokens=0, seconds=30)) == Decimal("0.01")
    assert price.worst(Work(input_tokens=10_000, output_tokens=0, seconds=90)) == Decimal(1)


def test_prices_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text("- {model: 'x:m', input: 1, output: 2, since: 2026-01-01}\n")
    prices = PriceBook(PriceSettings(file=Path("prices.yaml")), tmp_path)
    assert prices.of("x:m").tokens(MILLION, at=NOW) == Decimal(3)
    assert prices.of("x:m").tokens(MILLION, at=datetime(2025, 1, 1, tzinfo=UTC)) is None
    for wrong in ("- {model: x}", "{", "- {model: x, input: -1, output: 2}", "\x00"):
        (tmp_path / "prices.yaml").write_text(wrong)
        with pytest.raises(InputError, match=r"prices\.file"):
            PriceBook(PriceSettings(file=Path("prices.yaml")), tmp_path)


def test_a_price_is_by_token_or_by_time() -> None:
    for wrong in ({"model": "m"}, {"model": "m", "input": 1}, {"model": "m", "input": 1, "output": 1, "gpu_hour": 1}):
        with pytest.raises(ValidationError):
            OwnPrice.model_validate(wrong)
    assert OwnPrice(model="m", gpu_hour=Decimal(2)).since == date.min


def test_the_bound_counts_everything_that_is_sent() -> None:
    text = Message(role="user", content="é" * 100)
    base = worst_case((text,), ChatOptions(max_tokens=10), provider="openai")
    assert base.input_tokens >= 200
    assert worst_case((text,), ChatOptions(max_tokens=10, n=3), provider="openai").input_tokens == 3 * base.input_tokens
    picture = text.model_copy(update={"images": (Image(media_type="image/png", data="x"),)})
    more = (
        ((picture,), ChatOptions(max_tokens=10)),
        ((text, Message(role="assistant", tool_calls=(ToolCall(id="1", name="f", arguments="{}"),))), ChatOptions()),
        ((text,), ChatOptions(tools=(Tool(name="f", parameters={"type": "object"}),))),
        ((text,), ChatOptions(output=OutputSchema(schema={"type": "object"}))),
    )
    for messages, options in more:
        assert worst_case(messages, options, provider="openai").input_tokens > base.input_tokens
    assert worst_case((text,), ChatOptions(extra_body={"max_tokens": 9000}), provider="x").output_tokens == 9000


def test_money_is_exact_and_rounded_against_the_budget() -> None:
    assert to_nano(Decimal("0.0000000001")) == 1
    assert to_nano(Decimal("1.50")) == 1_500_000_000
    assert str(to_usd(100_000_000_000)) == "100"
    assert str(to_usd(1)) in ("1E-9", "0.000000001")
    assert sum(to_nano(Decimal("0.1")) for _ in range(10)) == to_nano(Decimal(1))
