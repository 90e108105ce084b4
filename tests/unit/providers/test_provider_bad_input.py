"""Every provider against servers that answer as badly as servers do: each fault has a typed outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from qlp.errors import ProviderError, ProviderRateLimitError, ProviderUnavailableError
from qlp.providers.breaker import BreakerPolicy, CircuitBreaker
from qlp.providers.protocol import ChatOptions, Completion, Delta, Message, OutputSchema, Tool
from qlp.providers.reply import usage_of
from qlp.providers.wire import Bounds
from tests.support import event_stream
from tests.support.provider_shapes import KEY, QUICK, connect
from tests.support.scripted_server import Reply, ScriptedServer
from tests.support.shapes import SHAPES

pytestmark = pytest.mark.unit
ASK = (Message(role="user", content="hello"),)
TOOL = Tool(name="weather")
CALL = {"id": "call_a", "name": "weather", "arguments": '{"city": "Berlin"}'}
HTML = Reply(body="<html><body>Bad gateway</body></html>", headers={"Content-Type": "text/html"})


def wanted(**values: object) -> ChatOptions:
    return ChatOptions.model_validate({"timeout_s": 10, **values})


async def complete(shape: str, server: ScriptedServer, **values: object) -> Completion:
    chat = connect(shape, server.url)
    try:
        return await chat.complete(ASK, wanted(**values), idempotency_key="k")
    finally:
        await chat.aclose()


async def stream(shape: str, server: ScriptedServer, seen: list[Delta] | None = None, **values: object) -> Completion:
    chat = connect(shape, server.url)
    deltas = [] if seen is None else seen
    try:
        async for delta in chat.stream(ASK, wanted(**values), idempotency_key="k"):
            deltas.append(delta)
    finally:
        await chat.aclose()
    assert deltas[-1].completion is not None
    return deltas[-1].completion


BOTH = pytest.mark.parametrize("call", [complete, stream], ids=["complete", "stream"])
Caller = Callable[..., Any]


def frames_of(shape: str, reply: Reply) -> list[bytes]:
    """As the shape's server would send them to a request with usage."""
    return SHAPES[shape].frames(reply, [reply.text or ""], {"stream_options": {"include_usage": True}})


def carries_text(frame: bytes) -> bool:
    return any(mark in frame for mark in (b'"content": "h', b'"content": "e', b"_delta", b"contentBlockDelta"))


@BOTH
async def test_a_web_page_is_no_answer(shape: str, shaped: ScriptedServer, call: Caller) -> None:
    shaped.replies = [HTML]
    with pytest.raises(ProviderError, match="text/html") as caught:
        await call(shape, shaped)
    assert caught.value.extra["reason"] == "bad_reply"
    assert len(shaped.calls) == 1


@BOTH
async def test_a_web_page_of_a_gateway_that_is_down_is_retried(
    shape: str, shaped: ScriptedServer, call: Caller
) -> None:
    shaped.replies = [HTML.model_copy(update={"status": 502}), Reply(text="back")]
    assert (await call(shape, shaped)).texts == ("back",)


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "overloaded", "type": "server_error"}},
        {"message": "something went wrong"},
        {"choices": [], "content": [], "output": {"message": {"content": []}}, "stopReason": "end_turn"},
        [1, 2],
        "",
        "[" * 100_000,
        {"choices": "none", "content": "none", "output": "none"},
        {"choices": [None], "content": [None], "output": {"message": {"content": [None]}}},
    ],
    ids=lambda body: str(body)[:20],
)
async def test_what_is_no_completion_is_a_bad_reply(
    shape: str, shaped: ScriptedServer, call: Caller, body: object
) -> None:
    shaped.replies = [Reply(body=body)]
    with pytest.raises(ProviderError) as caught:
        await call(shape, shaped)
    assert caught.value.extra["reason"] == "bad_reply"
    assert usage_of(caught.value).calls == 1, "it may have cost money"


async def test_a_server_that_does_not_stream_answers_in_one_piece(shape: str, shaped: ScriptedServer) -> None:
    whole = SHAPES[shape].whole(Reply(text="all at once"), ["all at once"], {})
    shaped.replies = [Reply(body=whole)]
    seen: list[Delta] = []
    answer = await stream(shape, shaped, seen)
    assert [d.text for d in seen] == ["all at once", ""]
    assert answer.usage.output_tokens == 10


async def test_a_stream_under_a_wrong_content_type_is_read(shape: str, shaped: ScriptedServer) -> None:
    if shape == "bedrock":  # binary frames are nothing that one could guess
        return
    shaped.replies = [Reply(text="hello", headers={"Content-Type": "text/plain"})]
    assert (await stream(shape, shaped)).texts == ("hello",)


@pytest.mark.parametrize("reply", [Reply(text="hello", keep_frames=1), Reply(text="hello", mode="half", piece=99)])
async def test_a_stream_that_breaks_before_its_first_piece_is_tried_again(
    shape: str, shaped: ScriptedServer, reply: Reply
) -> None:
    first = reply if reply.mode == "half" else reply.model_copy(update={"frames": frames_of(shape, reply)[:1]})
    if reply.mode == "half":
        first = reply.model_copy(update={"frames": frames_of(shape, reply)[:2], "mode": "half"})
    shaped.replies = [first, Reply(text="whole")]
    assert (await stream(shape, shaped)).texts == ("whole",)
    assert len(shaped.calls) == 2


@pytest.mark.parametrize("mode", ["plain", "half"])
async def test_a_stream_that_breaks_later_is_the_callers_fault_to_handle(
    shape: str, shaped: ScriptedServer, mode: str
) -> None:
    frames = frames_of(shape, Reply(text="hello there", piece=1))
    shaped.replies = [Reply.model_validate({"frames": frames[: len(frames) // 2], "mode": mode, "times": 9})]
    seen: list[Delta] = []
    with pytest.raises(ProviderUnavailableError) as caught:
        await stream(shape, shaped, seen)
    assert "hello there".startswith("".join(d.text for d in seen))
    assert seen
    assert caught.value.extra["partial"] is True
    assert usage_of(caught.value).calls == 1
    assert len(shaped.calls) == 1, "half an answer was asked for twice"


async def test_repeated_frames_are_taken_once(shape: str, shaped: ScriptedServer) -> None:
    """All but the deltas themselves, which nothing tells from a model that repeats itself."""
    frames = [
        f
        for frame in frames_of(shape, Reply(text="hehehe", piece=2))
        for f in (frame,) * (1 + (not carries_text(frame)))
    ]
    shaped.replies = [Reply(frames=frames)]
    answer = await stream(shape, shaped)
    assert answer.texts == ("hehehe",)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (100, 10)


async def test_deltas_that_come_again_after_their_end_are_left_out(shape: str, shaped: ScriptedServer) -> None:
    frames = frames_of(shape, Reply(text="hello", piece=2))
    ended = next(i for i, f in enumerate(frames) if b'"stop"' in f or b"block_stop" in f or b"contentBlockStop" in f)
    late = [f for f in frames[: ended + 1] if carries_text(f)]
    shaped.replies = [Reply(frames=[*frames[: ended + 1], *late, *frames[ended + 1 :]])]
    assert (await stream(shape, shaped)).texts == ("hello",)


async def test_the_head_of_a_call_sent_twice_is_one_call(shape: str, shaped: ScriptedServer) -> None:
    frames = frames_of(shape, Reply(text="", tool_calls=[CALL], finish_reason="tool_calls"))
    heads = [f for f in frames if b"call_a" in f]
    assert len(heads) == 1
    begun = frames.index(heads[0]) + 2
    shaped.replies = [Reply(frames=[*frames[:begun], *heads, *frames[begun:]])]
    ((call,),) = (await stream(shape, shaped, tools=(TOOL,))).tool_calls
    assert (call.id, call.name, json.loads(call.arguments)) == ("call_a", "weather", {"city": "Berlin"})


@pytest.mark.parametrize("junk", ["data: {not json\n\n", "data: [1, 2]\n\n"])
async def test_an_event_that_is_no_json_is_a_bad_reply(shape: str, shaped: ScriptedServer, junk: str) -> None:
    if shape == "bedrock":
        junk_frame: Any = event_stream.frame({":message-type": "event", ":event-type": "contentBlockDelta"}, b"{no")
    elif shape == "anthropic" and "[1" in junk:
        return  # an event without a type is one that this version does not know: left out
    else:
        junk_frame = junk
    shaped.replies = [Reply(frames=[junk_frame])]
    with pytest.raises(ProviderError) as caught:
        await stream(shape, shaped)
    assert caught.value.extra["reason"] == "bad_reply"


def error_frame(shape: str, *, transient: bool) -> bytes:
    if shape == "bedrock":
        name = "throttlingException" if transient else "validationException"
        return event_stream.encode(name, {"message": "too much"}, exception=True)
    if shape == "anthropic":
        kind = "overloaded_error" if transient else "invalid_request_error"
        body = {"type": "error", "error": {"type": kind, "message": "too much"}}
        return f"event: error\ndata: {json.dumps(body)}\n\n".encode()
    error = {"message": "too much", "type": "server_error" if transient else "odd"}
    return f"data: {json.dumps({'error': error})}\n\n".encode()


async def test_an_error_inside_a_stream_is_retried_if_it_may_pass(shape: str, shaped: ScriptedServer) -> None:
    shaped.replies = [Reply(frames=[error_frame(shape, transient=True)]), Reply(text="ok")]
    assert (await stream(shape, shaped)).texts == ("ok",)
    shaped.replies = [*shaped.replies, Reply(frames=[error_frame(shape, transient=False)], times=9)]
    with pytest.raises(ProviderError, match="too much") as caught:
        await stream(shape, shaped)
    assert type(caught.value) is ProviderError
    assert len(shaped.calls) == 3


@BOTH
async def test_arguments_that_do_not_parse_are_given_as_they_are(
    shape: str, shaped: ScriptedServer, call: Caller
) -> None:
    broken = {**CALL, "arguments": '{"city": "Berl'}
    shaped.replies = [Reply(text="", tool_calls=[broken], finish_reason="tool_calls")]
    ((found,),) = (await call(shape, shaped, tools=(TOOL,))).tool_calls
    assert found.name == "weather"
    if call is complete and shape in ("anthropic", "bedrock"):
        return  # these send an object, which always parses
    assert found.arguments == '{"city": "Berl'


@BOTH
async def test_a_call_of_nothing_is_a_bad_reply(shape: str, shaped: ScriptedServer, call: Caller) -> None:
    shaped.replies = [Reply(text="", tool_calls=[{**CALL, "name": ""}], finish_reason="tool_calls")]
    with pytest.raises(ProviderError, match="without a name") as caught:
        await call(shape, shaped, tools=(TOOL,))
    assert caught.value.extra["reason"] == "bad_reply"


@BOTH
async def test_calls_that_nobody_offered_are_no_answer(shape: str, shaped: ScriptedServer, call: Caller) -> None:
    shaped.replies = [Reply(text="", tool_calls=[CALL], finish_reason="tool_calls")]
    with pytest.raises(ProviderError, match="none were offered"):
        await call(shape, shaped)
    shaped.replies = [*shaped.replies, Reply(text="words", tool_calls=[CALL])]
    answer = await call(shape, shaped)
    assert (answer.texts, answer.tool_calls) == (("words",), ())


@BOTH
async def test_an_answer_far_beyond_what_was_asked_is_cut(shape: str, shaped: ScriptedServer, call: Caller) -> None:
    shaped.replies = [Reply(text="x" * 40_000, piece=1000)]
    answer = await call(shape, shaped, max_tokens=100)
    assert answer.cut == (True,)
    assert answer.texts == ("x" * 3200,)


async def test_an_endless_stream_is_left(shape: str, shaped: ScriptedServer) -> None:
    shaped.replies = [Reply(mode="endless")]
    answer = await stream(shape, shaped, max_tokens=50)
    assert answer.cut == (True,)
    assert len(answer.texts[0]) == 1600


async def test_endless_arguments_end_at_the_byte_cap(shape: str, shaped: ScriptedServer) -> None:
    long = {**CALL, "arguments": json.dumps({"city": "x" * 300_000})}
    shaped.replies = [Reply(text="", tool_calls=[long], piece=10_000)]
    chat = connect(shape, shaped.url, bounds=Bounds(max_bytes=100_000))
    with pytest.raises(ProviderError, match="more than 100000 bytes") as caught:
        [d async for d in chat.stream(ASK, wanted(tools=(TOOL,)), idempotency_key="k")]
    assert caught.value.extra["reason"] == "bad_reply"
    await chat.aclose()


async def test_what_frames_an_answer_does_not_count_as_its_size(shape: str, shaped: ScriptedServer) -> None:
    shaped.replies = [Reply(text="x" * 1000, piece=2)]
    chat = connect(shape, shaped.url, bounds=Bounds(max_bytes=2000))
    deltas = [d async for d in chat.stream(ASK, wanted(), idempotency_key="k")]
    assert deltas[-1].completion is not None
    assert deltas[-1].completion.texts == ("x" * 1000,)
    await chat.aclose()


@BOTH
async def test_a_revoked_key_says_which_one_and_is_not_retried(
    shape: str, shaped: ScriptedServer, call: Caller
) -> None:
    status = 403 if shape == "bedrock" else 401
    shaped.replies = [Reply(status=status, message=f"key {KEY} was revoked", times=9)]
    with pytest.raises(ProviderError, match=f"QLP_PROVIDERS__{shape.upper()}__API_KEY") as caught:
        await call(shape, shaped)
    assert caught.value.extra["reason"] == "auth"
    assert KEY not in str(caught.value)
    assert len(shaped.calls) == 1


@BOTH
async def test_a_date_in_retry_after_is_read_by_the_servers_own_clock(
    shape: str, shaped: ScriptedServer, call: Caller
) -> None:
    """A server three hours behind asks for an hour: by our clock that time is over, and asking again would be right."""
    there = datetime.now(UTC) - timedelta(hours=3)
    headers = {"Date": format_datetime(there, usegmt=True)}
    headers = {**headers, "Retry-After": format_datetime(there + timedelta(hours=1), usegmt=True)}
    shaped.replies = [Reply(status=429, headers=headers, times=9)]
    with pytest.raises(ProviderRateLimitError) as caught:
        await call(shape, shaped)
    assert caught.value.extra["retry_after_s"] == 3600
    assert len(shaped.calls) == 1, "it did not believe the server"


@BOTH
@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Input is too long for requested model.",
    ],
)
async def test_a_prompt_that_is_too_long_is_told_apart(
    shape: str, shaped: ScriptedServer, call: Caller, message: str
) -> None:
    shaped.replies = [Reply(status=400, message=message), Reply(status=413, message="too big")]
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            await call(shape, shaped)
        assert caught.value.extra["reason"] == "context_length"


@BOTH
async def test_what_the_rules_withhold_is_content_policy(shape: str, shaped: ScriptedServer, call: Caller) -> None:
    stop = "guardrail_intervened" if shape == "bedrock" else "content_filter"
    refused = "The response was filtered due to the prompt triggering the content management policy."
    text = "I am not allowed to." if shape == "bedrock" else ""
    shaped.replies = [
        Reply(text=text, finish_reason=stop),
        Reply(status=400, message=refused, code="content_filter"),
    ]
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            await call(shape, shaped)
        assert caught.value.extra["reason"] == "content_policy"


@BOTH
async def test_images_and_tools_that_a_model_lacks_are_unsupported(
    shape: str, shaped: ScriptedServer, call: Caller
) -> None:
    for message in ("This model does not support image input.", "tools is not supported by this model"):
        shaped.replies = [*shaped.replies, Reply(status=400, message=message)]
        with pytest.raises(ProviderError) as caught:
            await call(shape, shaped)
        assert caught.value.extra["reason"] == "unsupported"


async def test_outages_of_streams_open_the_breaker(shape: str, shaped: ScriptedServer) -> None:
    shaped.replies = [Reply(status=503, times=99)]
    breaker = CircuitBreaker("m", BreakerPolicy(failures=QUICK.attempts, cool_down_s=60))
    chat = connect(shape, shaped.url, breaker=breaker)
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError):
            [d async for d in chat.stream(ASK, wanted(), idempotency_key="k")]
    assert breaker.state == "open"
    assert len(shaped.calls) == QUICK.attempts
    await chat.aclose()


async def test_a_fault_of_one_sample_of_a_stream_ends_it(shape: str, shaped: ScriptedServer) -> None:
    shaped.replies = [Reply(text="one", ignore_n=True, delay_s=0.0), Reply(status=400, message="no more", times=9)]
    with pytest.raises(ProviderError, match="no more"):
        await stream(shape, shaped, n=3)


async def test_prices_are_unknown_without_counts(shape: str, shaped: ScriptedServer) -> None:
    shaped.replies = [Reply(text="hi", usage=None, times=2)]
    chat = connect(shape, shaped.url, price="table")
    assert (await chat.complete(ASK, wanted(), idempotency_key="k")).usage.cost_usd is None
    deltas = [d async for d in chat.stream(ASK, wanted(), idempotency_key="k")]
    assert deltas[-1].completion is not None
    assert deltas[-1].completion.usage.cost_usd is None
    await chat.aclose()


async def test_a_schema_that_no_call_answers_gives_the_text(shaped: ScriptedServer, shape: str) -> None:
    """A model that writes its answer instead of calling for it: held back while streaming, not lost."""
    output = OutputSchema.model_validate({"name": "answer", "schema": {"type": "object"}})
    frames = frames_of(shape, Reply(text="plain words"))
    shaped.replies = [Reply(frames=frames)]
    seen: list[Delta] = []
    answer = await stream(shape, shaped, seen, output=output)
    assert answer.texts == ("plain words",)
    assert "".join(d.text for d in seen) == "plain words"


async def test_damaged_binary_frames_are_an_outage(shape: str, shaped: ScriptedServer) -> None:
    if shape != "bedrock":
        return
    good = frames_of(shape, Reply(text="hello"))
    damaged = bytearray(good[1])
    damaged[-6] ^= 1
    shaped.replies = [Reply(frames=[good[0], bytes(damaged)]), Reply(text="ok")]
    assert (await stream(shape, shaped)).texts == ("ok",)
    shaped.replies = [*shaped.replies, Reply(frames=[b"HTTP proxies say hello to everybody, always"], times=9)]
    with pytest.raises(ProviderUnavailableError, match="damaged event stream"):
        await stream(shape, shaped)
