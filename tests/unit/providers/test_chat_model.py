"""What all providers share, with a wire that does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest
from pydantic import SecretStr

from qlp.errors import ProviderError, ProviderTimeoutError, ProviderUnavailableError
from qlp.providers.attempts import Patience
from qlp.providers.breaker import BreakerPolicy, CircuitBreaker
from qlp.providers.chat import ChatModel
from qlp.providers.endpoint import Endpoint
from qlp.providers.faults import Faulted, broken, status_fault, unsupported
from qlp.providers.openai.dialect import Dialect
from qlp.providers.protocol import ChatOptions, Delta, Message
from qlp.providers.reply import Reply, Sample, usage_of
from qlp.providers.retry import RetryPolicy
from qlp.providers.wire import Ask, Piece

pytestmark = pytest.mark.unit
ASK = (Message(role="user", content="hello"),)
KEY = "sk-very-secret-0123456789"


def reply(text: str = "ok", **counts: int) -> Reply:
    return Reply(samples=(Sample(text=text),), choices=1, input_tokens=5, output_tokens=2, **counts)


class Wire:
    """Each request takes the next step: what to raise, or what to answer."""

    takes_n = False

    def __init__(self, *steps: Reply | Exception | Callable[[], object]) -> None:
        self.steps = list(steps)
        self.asked: list[Ask] = []

    async def ask(self, ask: Ask) -> Reply:
        self.asked.append(ask)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        assert isinstance(step, Reply)
        return step

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece | Reply, None]:
        whole = await self.ask(ask)
        for letter in whole.samples[0].text:
            yield Piece(letter)
            await asyncio.sleep(0)
        yield whole

    async def aclose(self) -> None: ...


def model(wire: Wire, *, breaker: CircuitBreaker | None = None, price: str = "free", attempts: int = 3) -> ChatModel:
    endpoint = Endpoint.model_validate(
        {"base_url": "http://h/v1", "label": "p", "source": "settings", "price": price, "api_key": SecretStr(KEY)}
    )

    async def no_wait(_: float) -> None: ...

    patience = Patience(retry=RetryPolicy(attempts=attempts), sleep=no_wait)
    return ChatModel(endpoint, "m", wire, breaker=breaker, patience=patience)


async def streamed(chat: ChatModel, **options: object) -> list[Delta]:
    wanted = ChatOptions.model_validate({"timeout_s": 5, **options})
    return [delta async for delta in chat.stream(ASK, wanted, idempotency_key="k")]


def down() -> Faulted:
    return Faulted(status_fault(503, "down", "p:m"))


async def test_samples_come_in_the_order_of_their_seeds() -> None:
    wire = Wire(reply("a"), reply("b"), reply("c"))
    answer = await model(wire).complete(ASK, ChatOptions(n=3, seed=7), idempotency_key="k")
    assert [(a.seed, a.key) for a in wire.asked] == [(7, "k"), (8, "k:1"), (9, "k:2")]
    assert answer.texts == ("a", "b", "c")


async def test_streams_of_several_samples_come_mixed_and_end_together() -> None:
    deltas = await streamed(model(Wire(reply("aaaa"), reply("bbbb"))), n=2)
    assert {d.sample for d in deltas[:4]} == {0, 1}, "one after the other"
    assert deltas[-1].completion is not None
    assert deltas[-1].completion.texts == ("aaaa", "bbbb")


async def test_a_bug_reaches_the_reader_of_a_stream() -> None:
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(streamed(model(Wire(ZeroDivisionError()))), 5)
    with pytest.raises(ZeroDivisionError):
        await model(Wire(ZeroDivisionError())).complete(ASK, ChatOptions(), idempotency_key="k")


async def test_a_slow_reader_slows_the_stream_and_ends_at_the_deadline() -> None:
    seen: list[Delta] = []

    async def read() -> None:
        async for delta in model(Wire(reply("x" * 1000))).stream(ASK, ChatOptions(timeout_s=0.2), idempotency_key="k"):
            if not seen:
                await asyncio.sleep(0.3)
            seen.append(delta)

    with pytest.raises(ProviderTimeoutError) as caught:
        await read()
    assert len(seen) < 100, "nothing held it back"
    assert caught.value.extra["partial"] is True


async def test_a_reader_that_leaves_ends_the_request() -> None:
    wire = Wire(reply("x" * 1000))
    stream = model(wire).stream(ASK, ChatOptions(), idempotency_key="k")
    await anext(stream)
    await stream.aclose()
    assert not [t for t in asyncio.all_tasks() if "_produce" in repr(t.get_coro())]


async def test_a_key_that_a_server_repeats_is_not_shown() -> None:
    said = status_fault(400, f"the key {KEY} is odd", "p:m")
    for run in (
        lambda c: c.complete(ASK, ChatOptions(), idempotency_key="k"),
        lambda c: streamed(c),
    ):
        with pytest.raises(ProviderError) as caught:
            await run(model(Wire(Faulted(said))))
        assert KEY not in str(caught.value)
        assert caught.value.extra["reason"] == "refused"


async def test_what_was_never_sent_says_nothing_about_the_endpoint() -> None:
    breaker = CircuitBreaker("m", BreakerPolicy(failures=1, cool_down_s=0))
    breaker.failure()
    with pytest.raises(ProviderError) as caught:
        await model(Wire(unsupported("p:m", "ears")), breaker=breaker).complete(ASK, ChatOptions(), idempotency_key="k")
    assert caught.value.extra["reason"] == "unsupported"
    assert breaker.state == "half_open"


async def test_retries_end_at_the_policys_number() -> None:
    wire = Wire(*(down() for _ in range(9)))
    with pytest.raises(ProviderUnavailableError):
        await model(wire, attempts=4).complete(ASK, ChatOptions(), idempotency_key="k")
    assert len(wire.asked) == 4


async def test_what_a_failed_call_cost_goes_along() -> None:
    """Of three samples one answered nothing, which was paid for; the rest never came."""
    empty = Reply(samples=(), choices=1, input_tokens=5, output_tokens=9, why_empty="blank")
    with pytest.raises(ProviderError) as caught:
        await model(Wire(empty, Faulted(status_fault(400, "no", "p")), Faulted(status_fault(400, "no", "p")))).complete(
            ASK, ChatOptions(n=3), idempotency_key="k"
        )
    assert usage_of(caught.value).output_tokens == 9
    with pytest.raises(ProviderError) as caught:
        await model(Wire(Faulted(broken("p", OSError()))), attempts=1).complete(ASK, ChatOptions(), idempotency_key="k")
    assert usage_of(caught.value).calls == 0


async def test_a_stream_that_broke_has_an_unknown_price() -> None:
    class Breaking(Wire):
        async def stream(self, ask: Ask) -> AsyncGenerator[Piece | Reply, None]:
            yield Piece("half")
            raise down()

    with pytest.raises(ProviderUnavailableError) as caught:
        await streamed(model(Breaking(), price="table"))
    usage = usage_of(caught.value)
    assert (usage.calls, usage.cost_usd) == (1, None)


def test_a_prefix_that_comes_again_has_one_name() -> None:
    """OpenAI routes requests with one `prompt_cache_key` to the machine that has the prefix."""

    def key(*messages: Message) -> object:
        return Dialect(cache_keys=True).body(Ask(messages, ChatOptions(), "k"), stream=False).get("prompt_cache_key")

    system = Message(role="system", content="rules", cache=True)
    one = key(system, Message(role="user", content="a"))
    assert one is not None
    assert one == key(system, Message(role="user", content="b"))
    assert one != key(Message(role="system", content="other", cache=True))
    assert key(Message(role="user", content="a")) is None
    plain = Dialect().body(Ask((system,), ChatOptions(), "k"), stream=False)
    assert "prompt_cache_key" not in plain
