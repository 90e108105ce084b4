from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from qlp.budget import GuardedProvider, Ledger
from qlp.errors import BudgetExceededError, ProviderError, UnpricedModelError
from qlp.models import Usage
from qlp.providers.protocol import ChatOptions, Completion, Message
from qlp.store.engine import Database, sqlite_url

pytestmark = pytest.mark.unit
CAP = Decimal("1.00")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Database(sqlite_url(tmp_path)))


async def test_concurrent_reservations_never_pass_the_cap(ledger: Ledger) -> None:
    calls = [ledger.reserve("run", f"k{i}", Decimal("0.30"), CAP) for i in range(10)]
    refused = [r for r in await asyncio.gather(*calls, return_exceptions=True) if isinstance(r, BudgetExceededError)]
    assert len(refused) == 7
    assert await ledger.spent("run") == Decimal("0.90")


async def test_settling_frees_what_was_not_used(ledger: Ledger) -> None:
    await ledger.reserve("run", "a", Decimal("0.90"), CAP)
    await ledger.settle("run", "a", Decimal("0.10"))
    await ledger.reserve("run", "b", Decimal("0.90"), CAP)
    assert await ledger.spent("run") == Decimal("1.00")


async def test_a_replayed_call_is_not_counted_twice(ledger: Ledger) -> None:
    for _ in range(3):
        await ledger.reserve("run", "a", Decimal("0.80"), CAP)
    assert await ledger.spent("run") == Decimal("0.80")


async def test_runs_have_their_own_caps(ledger: Ledger) -> None:
    await ledger.reserve("one", "a", CAP, CAP)
    await ledger.reserve("two", "a", CAP, CAP)
    with pytest.raises(BudgetExceededError, match=r"--max-cost"):
        await ledger.reserve("one", "b", Decimal("0.01"), CAP)


class PerToken:
    def __init__(self, each: Decimal | None) -> None:
        self._each = each

    def cost(self, *, input_tokens: int, output_tokens: int) -> Decimal | None:
        return None if self._each is None else self._each * (input_tokens + output_tokens)


class Speaker:
    name = "test:speaker"

    def __init__(self, error: Exception | None = None) -> None:
        self.calls = 0
        self._error = error

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        self.calls += 1
        if self._error:
            raise self._error
        usage = Usage(calls=1, input_tokens=3, output_tokens=7, cost_usd=Decimal("0.01"))
        return Completion(texts=("hi",), cut=(False,), model=self.name, usage=usage)


ASK = (Message(role="user", content="hello"),)


async def test_a_call_that_could_pass_the_cap_is_not_made(ledger: Ledger) -> None:
    speaker = Speaker()
    guarded = GuardedProvider(speaker, PerToken(Decimal("0.001")), ledger, "run", Decimal("0.05"))
    with pytest.raises(BudgetExceededError):
        await guarded.complete(ASK, ChatOptions(max_tokens=4096), idempotency_key="k")
    assert speaker.calls == 0


async def test_after_the_call_only_its_cost_is_held(ledger: Ledger) -> None:
    guarded = GuardedProvider(Speaker(), PerToken(Decimal("0.001")), ledger, "run", CAP)
    await guarded.complete(ASK, ChatOptions(max_tokens=100), idempotency_key="k")
    assert await ledger.spent("run") == Decimal("0.01")


async def test_a_failed_call_keeps_its_reservation(ledger: Ledger) -> None:
    """Nobody knows whether the provider charged it: the cap stays safe."""
    guarded = GuardedProvider(Speaker(ProviderError("boom")), PerToken(Decimal("0.001")), ledger, "run", CAP)
    with pytest.raises(ProviderError):
        await guarded.complete(ASK, ChatOptions(max_tokens=100), idempotency_key="k")
    assert await ledger.spent("run") > 0


async def test_an_unknown_price_and_a_cap_do_not_go_together(ledger: Ledger) -> None:
    speaker = Speaker()
    with pytest.raises(UnpricedModelError, match="QLP_MODELS__PRICE"):
        await GuardedProvider(speaker, PerToken(None), ledger, "run", CAP).complete(
            ASK, ChatOptions(), idempotency_key="k"
        )
    assert speaker.calls == 0
    await GuardedProvider(speaker, PerToken(None), ledger, "run", None).complete(
        ASK, ChatOptions(), idempotency_key="k"
    )
    assert speaker.calls == 1
