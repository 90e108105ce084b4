"""Chains of models: which faults go on to the next, what is recorded and billed, hedging, streams."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from qlp.calls.fallbacks import FallbackChain
from qlp.errors import (
    BudgetExceededError,
    ProviderError,
    ProviderRateLimitError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from qlp.models import Usage
from qlp.providers.protocol import ChatOptions, Completion, Delta
from tests.support.walking_provider import ASK, Hang, Scripted

pytestmark = pytest.mark.unit
CENT = Decimal("0.01")


async def ask(chain: FallbackChain, **options: object) -> Completion:
    return await chain.complete(ASK, ChatOptions.model_validate(options), idempotency_key="k")


async def stream(chain: FallbackChain) -> list[Delta]:
    return [d async for d in chain.stream(ASK, ChatOptions(), idempotency_key="k")]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ProviderRateLimitError("slow down"), "rate_limit"),
        (ProviderTimeoutError("late"), "outage"),
        (ProviderUnavailableError("down", reason="connection"), "outage"),
        (ProviderUnavailableError("open", reason="breaker_open"), "outage"),
        (ProviderError("too long", reason="context_length"), "context_length"),
        (ProviderError("filtered", reason="content_policy"), "content_policy"),
    ],
    ids=["rate", "timeout", "connection", "breaker", "context", "policy"],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_the_next_model_answers_and_the_reason_is_recorded(
    error: ProviderError, reason: str, streamed: bool
) -> None:
    first, second = Scripted("a:1", error), Scripted("b:2", "yes")
    chain = FallbackChain([first, second])
    done = (await stream(chain))[-1].completion if streamed else await ask(chain)
    assert done is not None
    assert (done.texts, done.model) == (("yes",), "b:2")
    assert [(f.model, f.reason, f.detail) for f in done.fallbacks] == [("a:1", reason, error.detail)]
    assert [first.calls[0][0], second.calls[0][0]] == ["k", "k:link1"]


@pytest.mark.parametrize("reason", ["auth", "not_found", "refused", "bad_reply", "unsupported"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_what_another_model_cannot_mend_is_the_callers(reason: str, streamed: bool) -> None:
    second = Scripted("b:2", "yes")
    chain = FallbackChain([Scripted("a:1", ProviderError("no", reason=reason)), second])
    with pytest.raises(ProviderError) as caught:
        await (stream(chain) if streamed else ask(chain))
    assert caught.value.extra["reason"] == reason
    assert second.calls == []


async def test_a_budget_that_is_used_up_ends_the_chain() -> None:
    class Broke(Scripted):
        async def _text(self) -> str:
            raise BudgetExceededError("no money")

    chain = FallbackChain([Scripted("a:1", ProviderTimeoutError("late")), Broke("b:2"), Scripted("c:3", "yes")])
    with pytest.raises(BudgetExceededError):
        await ask(chain)


async def test_when_all_fail_the_last_error_tells_of_the_others_and_their_cost() -> None:
    paid = Usage(calls=1, input_tokens=5, cost_usd=CENT).model_dump(mode="json")
    chain = FallbackChain(
        [
            Scripted("a:1", ProviderError("filtered", reason="content_policy", usage=paid)),
            Scripted("b:2", ProviderRateLimitError("slow down", retry_after_s=7.0)),
        ]
    )
    with pytest.raises(ProviderRateLimitError) as caught:
        await ask(chain)
    assert caught.value.extra["retry_after_s"] == 7.0
    assert caught.value.extra["fallbacks"] == [{"model": "a:1", "reason": "content_policy", "detail": "filtered"}]
    assert Usage.model_validate(caught.value.extra["usage"]).cost_usd == CENT


async def test_what_a_failed_model_cost_is_in_the_bill() -> None:
    paid = Usage(calls=1, input_tokens=5, cost_usd=CENT).model_dump(mode="json")
    failing = Scripted("a:1", ProviderError("filtered", reason="content_policy", usage=paid))
    done = await ask(FallbackChain([failing, Scripted("b:2", "yes")]))
    assert done.usage.cost_usd == 2 * CENT
    assert done.usage.calls == 2


async def test_the_deadline_covers_the_chain() -> None:
    now = 0.0

    class Slow(Scripted):
        async def _text(self) -> str:
            nonlocal now
            now += self.calls[-1][1].timeout_s
            return await super()._text()

    late = ProviderTimeoutError("late")
    links = [Slow("a:1", late), Slow("b:2", late), Slow("c:3", "yes")]
    await ask(FallbackChain(links, clock=lambda: now), timeout_s=90)
    assert [link.calls[0][1].timeout_s for link in links] == pytest.approx([60, 20, 10])
    assert now == pytest.approx(90)


async def test_without_time_no_further_model_is_asked() -> None:
    now = 0.0

    class Overdue(Scripted):
        async def _text(self) -> str:
            nonlocal now
            now += 1000
            raise ProviderTimeoutError("late")

    second = Scripted("b:2", "yes")
    with pytest.raises(ProviderTimeoutError):
        await ask(FallbackChain([Overdue("a:1"), second], clock=lambda: now))
    assert second.calls == []


async def test_a_slow_model_is_hedged_and_the_loser_is_cancelled() -> None:
    slow, quick = Scripted("a:1", Hang()), Scripted("b:2", "yes")
    done = await ask(FallbackChain([slow, quick], hedge_after_s=0.01))
    assert done.model == "b:2"
    assert slow.cancelled == 1
    assert [(f.model, f.reason) for f in done.fallbacks] == [("a:1", "hedged")]
    assert done.usage.calls == 2
    assert done.usage.cost_usd is None, "nobody knows what the call that was broken off cost"


async def test_what_a_broken_off_call_costs_can_be_told() -> None:
    free = Usage(calls=1)
    chain = FallbackChain([Scripted("a:1", Hang()), Scripted("b:2", "yes")], hedge_after_s=0.01, aborted=lambda _: free)
    assert (await ask(chain)).usage.cost_usd == CENT


async def test_the_first_model_may_still_win() -> None:
    slow, slower = Hang(), Hang()
    first, second = Scripted("a:1", slow), Scripted("b:2", slower)
    call = asyncio.create_task(ask(FallbackChain([first, second], hedge_after_s=0.01)))
    await slower.reached.wait()
    slow.release.set()
    done = await call
    assert done.model == "a:1"
    assert second.cancelled == 1
    assert [(f.model, f.reason) for f in done.fallbacks] == [("b:2", "hedged")]


async def test_a_model_that_answers_in_time_is_not_hedged() -> None:
    second = Scripted("b:2", "yes")
    done = await ask(FallbackChain([Scripted("a:1", "at once"), second], hedge_after_s=30))
    assert done.fallbacks == ()
    assert second.calls == []


@pytest.mark.parametrize("error", [ProviderError("no key", reason="auth"), ProviderTimeoutError("late")])
async def test_a_hedge_that_fails_does_not_end_the_call(error: ProviderError) -> None:
    slow = Hang()
    second = Scripted("b:2", error)
    call = asyncio.create_task(ask(FallbackChain([Scripted("a:1", slow), second], hedge_after_s=0.01)))
    await slow.reached.wait()
    await second.called.wait()
    slow.release.set()
    done = await call
    assert done.model == "a:1"
    assert [f.model for f in done.fallbacks] == ["b:2"]


async def test_a_cancelled_call_leaves_nothing_running() -> None:
    one, two = Hang(), Hang()
    first, second = Scripted("a:1", one), Scripted("b:2", two)
    call = asyncio.create_task(ask(FallbackChain([first, second], hedge_after_s=0.01)))
    await two.reached.wait()
    call.cancel()
    await asyncio.wait([call])
    assert call.cancelled()
    assert (first.cancelled, second.cancelled) == (1, 1)


async def test_after_the_first_piece_there_is_no_fallback() -> None:
    second = Scripted("b:2", "yes")
    chain = FallbackChain([Scripted("a:1", "half an !"), second])
    deltas = chain.stream(ASK, ChatOptions(), idempotency_key="k")
    assert [(await anext(deltas)).text, (await anext(deltas)).text] == ["half", "an"]
    with pytest.raises(ProviderUnavailableError):
        await anext(deltas)
    assert second.calls == []


async def test_a_stream_that_does_not_begin_is_hedged() -> None:
    slow = Scripted("a:1", Hang())
    deltas = await stream(FallbackChain([slow, Scripted("b:2", "x y")], hedge_after_s=0.01))
    assert [d.text for d in deltas] == ["x", "y", ""]
    assert deltas[-1].completion is not None
    assert [(f.model, f.reason) for f in deltas[-1].completion.fallbacks] == [("a:1", "hedged")]
    assert (slow.cancelled, slow.closed) == (1, 1)


async def test_leaving_a_stream_closes_the_links() -> None:
    link = Scripted("a:1", "x y z")
    deltas = FallbackChain([link]).stream(ASK, ChatOptions(), idempotency_key="k")
    await anext(deltas)
    await deltas.aclose()
    assert link.closed == 1
