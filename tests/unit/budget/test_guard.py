from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from qlp.budget import BookPrice, GuardedProvider, Ledger, PriceBook, Spender
from qlp.budget.tables import spend
from qlp.config import OwnPrice, PriceSettings
from qlp.errors import BudgetExceededError, ProviderError, ProviderRateLimitError, StorageError, UnpricedModelError
from qlp.models import Usage
from qlp.providers.protocol import ChatOptions, Completion, Delta, Message, Tool
from qlp.store.engine import Database, sqlite_url

pytestmark = pytest.mark.unit
CAP = Decimal("1.00")
ASK = (Message(role="user", content="hello"),)
A_MILLI_A_TOKEN = OwnPrice(model="test:speaker", input=Decimal(1000), output=Decimal(1000))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path))
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


class Speaker:
    name = "test:speaker"

    def __init__(self, error: BaseException | None = None, *, usage: Usage | None = None, cached: bool = False) -> None:
        self.calls = 0
        self._error = error
        usage = usage or Usage(calls=1, input_tokens=3, output_tokens=7, cost_usd=None)
        self._answer = Completion(texts=("hi",), cut=(False,), model=self.name, usage=usage, cached=cached)

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        self.calls += 1
        if self._error:
            raise self._error
        return self._answer

    async def stream(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> AsyncIterator[Delta]:
        self.calls += 1
        yield Delta(text="h")
        if self._error:
            raise self._error
        yield Delta(text="i")
        yield Delta(completion=self._answer)


def price(settings: PriceSettings | None = None, name: str = "test:speaker") -> BookPrice:
    return PriceBook(settings or PriceSettings(own=(A_MILLI_A_TOKEN,))).of(name)


def guarded(inner: Any, ledger: Ledger, cap: Decimal | None = CAP, cost: Any = None) -> GuardedProvider:
    return GuardedProvider(inner, cost or price(), ledger, "run", cap, spender=Spender(tenant="acme"))


SMALL = ChatOptions(max_tokens=100)


async def test_a_call_that_could_pass_the_cap_is_not_made(ledger: Ledger) -> None:
    speaker = Speaker()
    with pytest.raises(BudgetExceededError):
        await guarded(speaker, ledger).complete(ASK, ChatOptions(max_tokens=4096), idempotency_key="k")
    assert speaker.calls == 0


async def test_after_the_call_only_its_cost_is_held_and_told(ledger: Ledger) -> None:
    answer = await guarded(Speaker(), ledger).complete(ASK, SMALL, idempotency_key="k")
    assert answer.usage.cost_usd == Decimal("0.01")
    assert await ledger.spent("run") == Decimal("0.01")


async def test_everything_that_is_sent_is_bounded(ledger: Ledger) -> None:
    tool = Tool(name="t", description="x" * 300)
    for options in (
        ChatOptions(max_tokens=250, n=4),
        ChatOptions(max_tokens=400, tools=(tool,)),
        ChatOptions(max_tokens=100, extra_body={"max_completion_tokens": 2000}),
    ):
        speaker = Speaker()
        with pytest.raises(BudgetExceededError):
            await guarded(speaker, ledger).complete(ASK, options, idempotency_key="k")
        assert speaker.calls == 0


@pytest.mark.parametrize(
    "error",
    [
        ProviderRateLimitError("slow down"),
        ProviderError("no such key", reason="auth"),
        ProviderError("too long", reason="context_length"),
        ProviderError("not asked", reason="breaker_open"),
        ProviderError("no such field", reason="refused", upstream_status=400),
    ],
)
async def test_a_refused_call_costs_nothing(ledger: Ledger, error: ProviderError) -> None:
    with pytest.raises(ProviderError):
        await guarded(Speaker(error), ledger).complete(ASK, SMALL, idempotency_key="k")
    assert await ledger.spent("run") == 0


@pytest.mark.parametrize(
    "error",
    [
        ProviderError("lost", reason="connection"),
        ProviderError("down", reason="status", upstream_status=503),
        ProviderError("boom"),
        ValueError("a defect"),
        TimeoutError(),
    ],
)
async def test_a_call_of_unknown_fate_counts_in_full(ledger: Ledger, error: Exception) -> None:
    with pytest.raises(type(error)):
        await guarded(Speaker(error), ledger).complete(ASK, SMALL, idempotency_key="k")
    assert await ledger.spent("run") > Decimal("0.1")


async def test_a_failed_turn_that_was_charged_is_settled_at_its_price(ledger: Ledger) -> None:
    usage = Usage(calls=1, input_tokens=10, output_tokens=40, cost_usd=None).model_dump(mode="json")
    error = ProviderError("no text", reason="bad_reply", usage=usage)
    with pytest.raises(ProviderError) as raised:
        await guarded(Speaker(error), ledger).complete(ASK, SMALL, idempotency_key="k")
    assert await ledger.spent("run") == Decimal("0.05")
    assert Usage.model_validate(raised.value.extra["usage"]).cost_usd == Decimal("0.05")


async def test_a_cancelled_call_stays_reserved(ledger: Ledger) -> None:
    with pytest.raises(asyncio.CancelledError):
        await guarded(Speaker(asyncio.CancelledError()), ledger).complete(ASK, SMALL, idempotency_key="k")
    assert await ledger.spent("run") > Decimal("0.1")


async def test_tokens_that_the_server_did_not_count_are_not_free(ledger: Ledger) -> None:
    silent = Speaker(usage=Usage(calls=1, cost_usd=None))
    answer = await guarded(silent, ledger).complete(ASK, SMALL, idempotency_key="k")
    assert answer.usage.cost_usd is None
    assert await ledger.spent("run") > Decimal("0.1")


async def test_an_answer_of_the_own_cache_costs_nothing(ledger: Ledger) -> None:
    await guarded(Speaker(cached=True), ledger).complete(ASK, SMALL, idempotency_key="k")
    assert await ledger.spent("run") == 0


async def test_an_answer_is_not_lost_with_its_bookkeeping(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(ledger, "settle", full)
    answer = await guarded(Speaker(), ledger).complete(ASK, SMALL, idempotency_key="k")
    assert answer.texts == ("hi",)
    assert await ledger.spent("run") > Decimal("0.1")


async def test_a_stream_is_settled_at_its_end(ledger: Ledger) -> None:
    pieces = [d async for d in guarded(Speaker(), ledger).stream(ASK, SMALL, idempotency_key="k")]
    assert "".join(p.text for p in pieces) == "hi"
    assert pieces[-1].completion is not None
    assert pieces[-1].completion.usage.cost_usd == Decimal("0.01")
    assert await ledger.spent("run") == Decimal("0.01")


async def test_a_stream_that_breaks_or_is_left_counts_in_full(ledger: Ledger) -> None:
    with pytest.raises(ProviderError):
        async for _ in guarded(Speaker(ProviderError("gone")), ledger).stream(ASK, SMALL, idempotency_key="k"):
            pass
    broken = await ledger.spent("run")
    assert broken > Decimal("0.1")
    left = guarded(Speaker(), ledger).stream(ASK, SMALL, idempotency_key="l")
    await anext(left)
    await left.aclose()  # type: ignore[attr-defined]
    assert await ledger.spent("run") == 2 * broken


async def test_an_unknown_price_follows_the_declared_policy(ledger: Ledger) -> None:
    speaker = Speaker(usage=Usage(calls=1, input_tokens=1000, output_tokens=100, cost_usd=None))
    uncapped = price(PriceSettings())
    with pytest.raises(UnpricedModelError, match="QLP_MODELS__PRICE"):
        await guarded(speaker, ledger, cost=uncapped).complete(ASK, SMALL, idempotency_key="k")
    refuse = price(PriceSettings(unknown="refuse"))
    with pytest.raises(UnpricedModelError, match="refuse"):
        await guarded(speaker, ledger, None, refuse).complete(ASK, SMALL, idempotency_key="k")
    assert speaker.calls == 0
    answer = await guarded(speaker, ledger, None, uncapped).complete(ASK, SMALL, idempotency_key="k")
    assert answer.usage.cost_usd is None
    ceiling = price(PriceSettings(unknown="ceiling", ceiling_input=Decimal(10), ceiling_output=Decimal(100)))
    answer = await guarded(speaker, ledger, CAP, ceiling).complete(ASK, SMALL, idempotency_key="k")
    assert answer.usage.cost_usd == Decimal("0.02")


async def test_a_self_hosted_model_costs_its_gpus_time(ledger: Ledger, database: Database) -> None:
    settings = PriceSettings(own=(OwnPrice(model="vllm:m", gpu_hour=Decimal(36), gpus=2),))
    hosted = Speaker(usage=Usage(calls=1, input_tokens=3, output_tokens=7, gpu_seconds=1.5))
    answer = await guarded(hosted, ledger, None, price(settings, "vllm:m@sql")).complete(
        ASK, SMALL, idempotency_key="k"
    )
    assert answer.usage.cost_usd == Decimal("0.015")
    assert price(settings, "vllm:m").charge(Usage(calls=1), seconds=3.0) == Decimal("0.06")  # wall time of both GPUs
    with pytest.raises(BudgetExceededError):  # 120 s of two GPUs
        await guarded(hosted, ledger, Decimal("2.39"), price(settings, "vllm:m")).complete(
            ASK, SMALL, idempotency_key="k"
        )
    row = database.read_now(lambda c: c.execute(sa.select(spend.c.gpu_ms).where(spend.c.state == "settled")).one())
    assert row.gpu_ms == 1500


async def test_links_of_a_chain_have_entries_of_their_own(ledger: Ledger, database: Database) -> None:
    first, second = Speaker(ProviderRateLimitError("busy")), Speaker()
    second.name = "other:speaker"
    with pytest.raises(ProviderRateLimitError):
        await guarded(first, ledger).complete(ASK, SMALL, idempotency_key="run:0:app:1")
    await guarded(second, ledger, None).complete(ASK, SMALL, idempotency_key="run:0:app:1")
    rows = database.read_now(lambda c: c.execute(sa.select(spend).order_by(spend.c.position)).all())
    assert [(r.model, r.state, r.task) for r in rows] == [
        ("test:speaker", "released", "app"),
        ("other:speaker", "settled", "app"),
    ]
