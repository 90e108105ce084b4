from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from actors.vllm.provider import VllmWire, hosted_model, session_of
from actors.vllm.reply import EngineReply
from qlp.config import VllmModelSettings, VllmSettings
from qlp.errors import ProviderError, ProviderRateLimitError, ProviderUnavailableError, QLPError
from qlp.providers.faults import Faulted
from qlp.providers.protocol import ChatOptions, Message
from qlp.providers.reply import Reply
from qlp.providers.wire import Ask, Bounds

pytestmark = pytest.mark.unit

HELLO = (Message(role="user", content="hello"),)


class FakeClient:
    """Says what it was told to, one answer a call; notes what it was asked."""

    def __init__(self, *answers: EngineReply | bytes | QLPError) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[dict[str, Any], str]] = []
        self.closed = 0

    async def chat(self, body: dict[str, Any], session: str, timeout_s: float) -> EngineReply:
        self.asked.append((body, session))
        answer = self.answers.pop(0)
        if isinstance(answer, QLPError):
            raise answer
        assert isinstance(answer, EngineReply)
        return answer

    async def chat_stream(
        self, body: dict[str, Any], session: str, timeout_s: float
    ) -> AsyncIterator[EngineReply | bytes]:
        self.asked.append((body, session))
        try:
            for answer in self.answers:
                if isinstance(answer, QLPError):
                    raise answer
                yield answer
        finally:
            self.closed += 1


def said(text: str) -> EngineReply:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}
    return EngineReply(status=200, body=json.dumps({"choices": [choice], "usage": usage}))


def refusal(status: int, message: str) -> EngineReply:
    return EngineReply(status=status, body=json.dumps({"error": {"message": message, "type": "BadRequestError"}}))


def wire(client: FakeClient) -> VllmWire:
    return VllmWire("m@sql", client, Bounds())


def ask(messages: tuple[Message, ...] = HELLO, **options: Any) -> Ask:
    return Ask(messages, ChatOptions.model_validate(options), "key")


async def test_an_answer_and_what_it_used() -> None:
    client = FakeClient(said("hi"))
    reply = await wire(client).ask(ask(extra_body={"top_k": 5}))
    assert [sample.text for sample in reply.samples] == ["hi"]
    assert (reply.input_tokens, reply.output_tokens, reply.cached_tokens) == (7, 2, 4)
    body, _ = client.asked[0]
    assert (body["model"], body["top_k"]) == ("m@sql", 5)


async def test_a_stream_in_frames_of_any_cut() -> None:
    def event(**delta: Any) -> str:
        return "data: " + json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}) + "\n\n"

    end = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    whole = (event(content="he") + event(content="llo") + end).encode()
    client = FakeClient(whole[:30], whole[30:100], whole[100:])
    items = [item async for item in wire(client).stream(ask())]
    last = items[-1]
    assert isinstance(last, Reply)
    assert last.samples[0].text == "hello"
    assert "".join(item.text for item in items[:-1] if not isinstance(item, Reply)) == "hello"
    assert client.closed == 1


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (refusal(404, "The model `m` does not exist."), ProviderError, "not_found"),
        (refusal(400, "This model's maximum context length is 512 tokens."), ProviderError, "context_length"),
        (refusal(400, "m is not a multimodal model"), ProviderError, "unsupported"),
        (refusal(400, '"auto" tool choice requires --tool-call-parser to be set'), ProviderError, "unsupported"),
        (refusal(500, "EngineCore encountered an issue"), ProviderUnavailableError, "status"),
        (EngineReply(status=200, body="no json"), ProviderError, "bad_reply"),
    ],
)
async def test_refusals_have_a_type(answer: EngineReply, kind: type[ProviderError], reason: str) -> None:
    with pytest.raises(Faulted) as failed:
        await wire(FakeClient(answer)).ask(ask())
    assert isinstance(failed.value.fault.error, kind)
    assert failed.value.fault.error.extra["reason"] == reason
    if answer.status != 200:
        with pytest.raises(Faulted) as streamed:
            [item async for item in wire(FakeClient(answer)).stream(ask())]
        assert streamed.value.fault.error.extra["reason"] == reason


async def test_a_full_queue_is_waited_for_and_is_no_outage() -> None:
    client = FakeClient(ProviderRateLimitError("full", retry_after_s=2), said("later"))
    with pytest.raises(Faulted) as failed:
        await wire(client).ask(ask())
    fault = failed.value.fault
    assert (fault.retry, fault.outage, fault.retry_after_s) == (True, False, 2.0)


async def test_a_replica_that_went_away_is_an_outage() -> None:
    with pytest.raises(Faulted) as failed:
        await wire(FakeClient(ProviderUnavailableError("gone", reason="connection"))).ask(ask())
    assert failed.value.fault.retry
    assert failed.value.fault.outage


def test_a_conversation_keeps_its_session_while_it_grows() -> None:
    system = Message(role="system", content="be brief")
    first = Message(role="user", content="hello")
    longer = (system, first, Message(role="assistant", content="hi"), Message(role="user", content="more"))
    other = (system, Message(role="user", content="good bye"))
    assert session_of(ask((system, first))) == session_of(ask(longer))
    assert session_of(ask((system, first))) != session_of(ask(other))
    assert session_of(ask(longer, extra_body={"prompt_cache_key": "mine"})) == "mine"


def test_a_hosted_model_costs_no_price_a_token() -> None:
    settings = VllmSettings(models={"m": VllmModelSettings()})
    model = hosted_model(settings, "m")
    assert model.name == "vllm:m"
    assert model.endpoint.price == "free"
