"""What every Provider keeps, whatever serves it: scripted servers of four shapes, and a small real model."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from qlp.errors import ProviderError, ProviderTimeoutError, ProviderUnavailableError
from qlp.providers.chat import ChatModel
from qlp.providers.protocol import (
    ChatOptions,
    Completion,
    Delta,
    Image,
    Message,
    OutputSchema,
    Provider,
    StreamingProvider,
    Tool,
    ToolCall,
)
from tests.support import provider_shapes, testmodel
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.contract
ASK = (Message(role="user", content="# task: take a number: add 3, then square it"),)
WEATHER = Tool(
    name="weather",
    description="Weather of a city.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
PIXEL = Image(
    media_type="image/png",
    data="iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
)
SCRIPT = [
    Reply(match="# task", texts=[f"def f(x):\n    return x + {i}\n" for i in range(8)]),
    Reply(match="# length", text="def f(", finish_reason="length"),
    Reply(
        match="# weather",
        text="",
        tool_calls=[
            {"id": "call_a", "name": "weather", "arguments": '{"city": "Berlin"}'},
            {"id": "call_b", "name": "weather", "arguments": '{"city": "Rome", "unit": "C"}'},
        ],
        finish_reason="tool_calls",
    ),
    Reply(match="# schema", text='{"name": "Ada", "age": 36}'),
    Reply(match="# slow", text="late", delay_s=20),
    Reply(match="sunny", text="It is sunny."),
]
SCHEMA = OutputSchema.model_validate(
    {
        "name": "person",
        "schema": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
            "required": ["name", "age"],
            "additionalProperties": False,
        },
    }
)


@dataclass(frozen=True)
class Served:
    """`server` is None for the real model."""

    shape: str
    url: str
    server: ScriptedServer | None = None

    def connect(self, **options: object) -> ChatModel:
        model = "scripted" if self.server else "testmodel"
        return provider_shapes.connect(self.shape, self.url, model=model, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=provider_shapes.NAMES)
def scripted(request: pytest.FixtureRequest) -> Iterator[Served]:
    """Servers that can be told what to answer, which a small model cannot."""
    with ScriptedServer(SCRIPT, shape=request.param) as server:
        yield Served(request.param, server.url, server)


@pytest.fixture(scope="module", params=[*provider_shapes.NAMES, pytest.param("testmodel", marks=pytest.mark.model)])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    if request.param != "testmodel":
        with ScriptedServer(SCRIPT, shape=request.param) as server:
            yield Served(request.param, server.url, server)
        return
    try:
        with testmodel.serve() as url:
            yield Served("openai", url)
    except testmodel.NoTestModelError as error:
        pytest.skip(str(error))


def options(**values: object) -> ChatOptions:
    return ChatOptions.model_validate({"max_tokens": 120, "timeout_s": 30, **values})


def asks(text: str) -> tuple[Message, ...]:
    return (Message(role="user", content=text),)


async def streamed(
    provider: StreamingProvider, messages: tuple[Message, ...], wanted: ChatOptions, key: str = "s"
) -> tuple[list[Delta], Completion]:
    deltas = [delta async for delta in provider.stream(messages, wanted, idempotency_key=key)]
    last = deltas.pop()
    assert last.completion is not None
    assert not last.text
    assert all(delta.completion is None and delta.text for delta in deltas)
    return deltas, last.completion


async def test_an_answer_is_complete(served: Served) -> None:
    provider: Provider = served.connect()
    answer = await provider.complete(ASK, options(), idempotency_key="k1")
    assert provider.name.startswith(f"{served.shape}:")
    assert answer.model == provider.name
    assert len(answer.texts) == len(answer.cut) == 1
    assert answer.texts[0].strip()
    assert answer.tool_calls == ()
    assert answer.logprobs == ()
    assert answer.usage.calls == 1
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0
    assert answer.usage.cost_usd == Decimal(0)


async def test_usage_means_the_same_everywhere(scripted: Served) -> None:
    usage = (await scripted.connect().complete(ASK, options(), idempotency_key="u")).usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (100, 40, 10)


@pytest.mark.parametrize("n", [1, 3, 8])
async def test_n_samples_come_back(served: Served, n: int) -> None:
    answer = await served.connect().complete(ASK, options(n=n, temperature=1.0), idempotency_key=f"n{n}")
    assert len(answer.texts) == len(answer.cut) == n
    assert all(text.strip() for text in answer.texts)


@pytest.mark.parametrize("n", [1, 3])
async def test_a_stream_adds_up_to_its_completion(served: Served, n: int) -> None:
    deltas, whole = await streamed(served.connect(), ASK, options(n=n, temperature=1.0), f"s{n}")
    assert len(whole.texts) == n
    for sample in range(n):
        assert "".join(d.text for d in deltas if d.sample == sample) == whole.texts[sample]
    assert len(deltas) > n, "it came in one piece"
    assert whole.usage.input_tokens > 0
    assert whole.usage.output_tokens > 0
    assert whole.usage.cost_usd == Decimal(0)


async def test_a_limit_is_reported_as_a_cut(served: Served) -> None:
    messages = asks("# length") if served.server else ASK
    wanted = options() if served.server else options(max_tokens=3)
    assert (await served.connect().complete(messages, wanted, idempotency_key="l")).cut == (True,)
    _, whole = await streamed(served.connect(), messages, wanted)
    assert whole.cut == (True,)


async def test_tools_are_called(scripted: Served) -> None:
    expected = (
        ToolCall(id="call_a", name="weather", arguments='{"city": "Berlin"}'),
        ToolCall(id="call_b", name="weather", arguments='{"city": "Rome", "unit": "C"}'),
    )
    wanted = options(tools=(WEATHER,))
    answer = await scripted.connect().complete(asks("# weather"), wanted, idempotency_key="t")
    assert answer.tool_calls == (expected,)
    assert answer.texts == ("",)
    deltas, whole = await streamed(scripted.connect(), asks("# weather"), wanted)
    assert (deltas, whole.tool_calls, whole.texts) == ([], (expected,), ("",))


async def test_results_of_tools_go_back(scripted: Served) -> None:
    calls = (ToolCall(id="call_a", name="weather", arguments='{"city": "Berlin"}'),)
    messages = (
        *asks("# weather"),
        Message(role="assistant", tool_calls=calls),
        Message(role="tool", tool_call_id="call_a", content="sunny"),
    )
    answer = await scripted.connect().complete(messages, options(tools=(WEATHER,)), idempotency_key="r")
    assert answer.texts == ("It is sunny.",)
    assert answer.tool_calls == ((),)


async def test_structured_output_is_a_json_value(scripted: Served) -> None:
    wanted = options(output=SCHEMA)
    answer = await scripted.connect().complete(asks("# schema"), wanted, idempotency_key="j")
    assert json.loads(answer.texts[0]) == {"name": "Ada", "age": 36}
    assert answer.tool_calls == ()
    deltas, whole = await streamed(scripted.connect(), asks("# schema"), wanted)
    assert "".join(d.text for d in deltas) == whole.texts[0]
    assert json.loads(whole.texts[0]) == {"name": "Ada", "age": 36}


async def test_images_are_sent(scripted: Served) -> None:
    messages = (Message(role="user", content="# task", images=(PIXEL,)),)
    assert (await scripted.connect().complete(messages, options(), idempotency_key="i")).texts
    assert scripted.server is not None
    assert PIXEL.data in json.dumps(scripted.server.calls[-1].body)


async def test_logprobs_are_given_or_refused(served: Served) -> None:
    provider = served.connect()
    wanted = options(logprobs=2)
    if not provider_shapes.CAN[served.shape].logprobs:
        with pytest.raises(ProviderError) as caught:
            await provider.complete(ASK, wanted, idempotency_key="p")
        assert caught.value.extra["reason"] == "unsupported"
        assert provider.breaker.state == "closed"
        return
    answer = await provider.complete(ASK, wanted, idempotency_key="p")
    _, whole = await streamed(served.connect(), ASK, wanted)
    for given in (answer, whole):
        assert len(given.logprobs) == 1
        assert all(entry.logprob <= 0 and len(entry.top) >= 1 for entry in given.logprobs[0])
        assert "".join(entry.token for entry in given.logprobs[0]).startswith(given.texts[0][:4])


async def test_a_seed_counts_up_over_samples(served: Served) -> None:
    provider = served.connect()
    answers = [
        await provider.complete(ASK, options(seed=5, temperature=1.0), idempotency_key=f"seed{i}") for i in range(2)
    ]
    if served.server is None:
        assert answers[0].texts == answers[1].texts
    elif provider_shapes.CAN[served.shape].seed:
        assert [c.body["seed"] for c in served.server.calls[-2:]] == [5, 5]
    else:
        assert "seed" not in str(served.server.calls[-1].body)


async def test_calls_may_overlap(served: Served) -> None:
    provider = served.connect()
    answers = await asyncio.gather(*(provider.complete(ASK, options(), idempotency_key=f"c{i}") for i in range(6)))
    assert all(len(a.texts) == 1 for a in answers)


async def test_the_deadline_holds_and_the_provider_lives_on(served: Served) -> None:
    provider = served.connect()
    with pytest.raises(ProviderTimeoutError):
        await provider.complete(ASK, options(timeout_s=0.0001), idempotency_key="d")
    with pytest.raises(ProviderTimeoutError):
        await streamed(provider, ASK, options(timeout_s=0.0001))
    assert (await provider.complete(ASK, options(), idempotency_key="e")).texts


async def test_cancellation_ends_a_call(served: Served) -> None:
    provider = served.connect()
    messages = asks("# slow") if served.server else ASK
    task = asyncio.create_task(provider.complete(messages, options(), idempotency_key="x"))
    await asyncio.sleep(0.05 if served.server else 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await provider.complete(ASK, options(), idempotency_key="y")).texts


async def test_a_stream_can_be_left(served: Served) -> None:
    provider = served.connect()
    async with contextlib.aclosing(provider.stream(ASK, options(), idempotency_key="left")) as stream:
        async for delta in stream:
            assert delta.text
            break
    _, whole = await streamed(provider, ASK, options())
    assert whole.texts


async def test_a_bad_request_is_a_typed_error(served: Served) -> None:
    provider = served.connect()
    with pytest.raises(ProviderError) as caught:
        await provider.complete(asks("not in any script" * 2000), options(), idempotency_key="z")
    assert caught.value.extra["reason"] in ("refused", "context_length")
    with pytest.raises(ProviderError) as caught:
        await streamed(provider, asks("not in any script" * 2000), options())
    assert caught.value.extra["reason"] in ("refused", "context_length")


async def test_an_endpoint_that_is_gone_is_unavailable(served: Served) -> None:
    gone = provider_shapes.connect(served.shape, "http://127.0.0.1:9/v1")
    with pytest.raises(ProviderUnavailableError):
        await gone.complete(ASK, options(), idempotency_key="g")
    with pytest.raises(ProviderUnavailableError):
        await streamed(gone, ASK, options())
