"""What goes over the wire for each provider, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from qlp.errors import ProviderError
from qlp.providers.protocol import ChatOptions, Completion, Image, Message, OutputSchema, Tool, ToolCall
from tests.support.provider_shapes import KEY, connect
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.unit
ROOM = Tool(name="room", description="Is it free?", parameters={"type": "object", "properties": {}})
TALK = (
    Message(role="system", content="be brief", cache=True),
    Message(role="user", content="book it", images=(Image(media_type="image/png", data="AAAA"),)),
    Message(role="assistant", content="I look.", tool_calls=(ToolCall(id="c1", name="room", arguments='{"n": 1}'),)),
    Message(role="tool", tool_call_id="c1", content="free"),
    Message(role="tool", tool_call_id="c2", content=""),
    Message(role="user", content="then go", cache=True),
)
CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


def schema(value: dict[str, object]) -> OutputSchema:
    return OutputSchema.model_validate({"name": "answer", "schema": value})


@pytest.fixture(params=[""])
def of(request: pytest.FixtureRequest) -> Iterator[ScriptedServer]:
    with ScriptedServer([Reply(text="{}", times=99)], shape=request.param) as server:
        yield server


def shape(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("of", [name], indirect=True, ids=[name])


async def send(name: str, server: ScriptedServer, messages: tuple[Message, ...] = TALK, **values: object) -> Completion:
    chat = connect(name, server.url, model=str(values.pop("model", "scripted")), key=values.pop("key", KEY))  # type: ignore[arg-type]
    try:
        return await chat.complete(
            messages, ChatOptions.model_validate({"timeout_s": 10, **values}), idempotency_key="run:step"
        )
    finally:
        await chat.aclose()


@shape("openai")
async def test_a_whole_conversation_as_chat_completions(of: ScriptedServer) -> None:
    await send("openai", of, tools=(ROOM,), tool_choice="room", top_p=0.9, stop=("END",), seed=3, logprobs=2)
    assert of.calls[0].body == {
        "model": "scripted",
        "messages": [
            {"role": "system", "content": "be brief"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "book it"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                ],
            },
            {
                "role": "assistant",
                "content": "I look.",
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "room", "arguments": '{"n": 1}'}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "free"},
            {"role": "tool", "tool_call_id": "c2", "content": ""},
            {"role": "user", "content": "then go"},
        ],
        "max_tokens": 4096,
        "temperature": 0.2,
        "top_p": 0.9,
        "stop": ["END"],
        "seed": 3,
        "logprobs": True,
        "top_logprobs": 2,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "room",
                    "description": "Is it free?",
                    "parameters": {"type": "object", "properties": {}},
                },
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "room"}},
    }


@shape("openai")
async def test_a_schema_is_strict_where_it_can_be(of: ScriptedServer) -> None:
    await send("openai", of, output=schema(CLOSED))
    await send("openai", of, output=schema({"type": "object", "properties": {"a": {"type": "string"}}}))
    formats = [c.body["response_format"] for c in of.calls]
    assert formats[0] == {"type": "json_schema", "json_schema": {"name": "answer", "schema": CLOSED, "strict": True}}
    assert formats[1]["json_schema"]["strict"] is False


@shape("openai")
async def test_refused_fields_are_learned(of: ScriptedServer) -> None:
    """Each refusal is answered by one more request; the lesson holds for the next call."""
    of.replies = [Reply(text="{}", refuse=["seed", "top_p", "stream_options", "n"], times=99, ignore_n=True)]
    chat = connect("openai", of.url)
    wanted = ChatOptions(seed=1, top_p=0.5, n=2, timeout_s=10)
    assert len((await chat.complete(TALK, wanted, idempotency_key="k")).texts) == 2
    asked = len(of.calls)
    assert asked == 5
    assert not {"seed", "top_p", "n"} & set(of.calls[-1].body)
    for _ in range(2):
        asked = len(of.calls)
        deltas = [d async for d in chat.stream(TALK, wanted, idempotency_key="k")]
        assert deltas[-1].completion is not None
    assert [("stream_options" in c.body) for c in of.calls[asked:]] == [False, False]
    await chat.aclose()


@shape("openai")
async def test_a_server_without_schemas_is_told_the_schema(of: ScriptedServer) -> None:
    message = "'response_format' of type 'json_schema' is not supported with this model"
    of.replies = [Reply(status=400, message=message), Reply(text='{"a": "b"}')]
    assert (await send("openai", of, output=schema(CLOSED))).texts == ('{"a": "b"}',)
    body = of.calls[-1].body
    assert body["response_format"] == {"type": "json_object"}
    assert json.dumps(CLOSED) in body["messages"][0]["content"]


@shape("openai")
async def test_a_schema_that_is_wrong_is_not_given_up(of: ScriptedServer) -> None:
    of.replies = [Reply(status=400, message="Invalid schema for response_format 'answer'")]
    with pytest.raises(ProviderError, match="Invalid schema"):
        await send("openai", of, output=schema(CLOSED))
    assert len(of.calls) == 1


@shape("openai")
async def test_a_stop_that_a_model_lacks_is_unsupported(of: ScriptedServer) -> None:
    of.replies = [Reply(refuse=["stop"])]
    with pytest.raises(ProviderError) as caught:
        await send("openai", of, stop=("END",))
    assert caught.value.extra["reason"] == "unsupported"


@shape("openai")
async def test_usage_is_read_under_the_names_that_servers_use(of: ScriptedServer) -> None:
    plain = {"prompt_tokens": 100, "completion_tokens": 50}
    of.replies = [
        Reply(text="x", usage={**plain, "completion_tokens_details": {"reasoning_tokens": 30}}),
        Reply(text="x", usage={**plain, "prompt_cache_hit_tokens": 64}),
        Reply(text="x", usage={**plain, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 20}),
    ]
    found = [(await send("openai", of)).usage for _ in range(3)]
    assert found[0].reasoning_tokens == 30
    assert found[1].cached_tokens == 64
    assert (found[2].cached_tokens, found[2].cache_write_tokens) == (60, 20)
    assert [(u.input_tokens, u.output_tokens) for u in found] == [(100, 50)] * 3


@shape("azure")
async def test_azure_has_deployment_and_version_in_the_address_and_the_key_in_a_header(of: ScriptedServer) -> None:
    await send("azure", of, model="my-gpt")
    (call,) = of.calls
    assert call.path == "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"
    assert call.headers["api-key"] == KEY
    assert "authorization" not in call.headers
    assert call.key == "run:step"


@shape("anthropic")
async def test_a_whole_conversation_as_messages(of: ScriptedServer) -> None:
    await send(
        "anthropic", of, tools=(ROOM,), tool_choice="required", top_p=0.9, stop=("END",), temperature=1.5, seed=3
    )
    (call,) = of.calls
    mark = {"cache_control": {"type": "ephemeral"}}
    assert call.body == {
        "model": "scripted",
        "max_tokens": 4096,
        "system": [{"type": "text", "text": "be brief", **mark}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    {"type": "text", "text": "book it"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "c1", "name": "room", "input": {"n": 1}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "free"},
                    {"type": "tool_result", "tool_use_id": "c2"},
                    {"type": "text", "text": "then go", **mark},
                ],
            },
        ],
        "temperature": 1.0,
        "top_p": 0.9,
        "stop_sequences": ["END"],
        "tools": [{"name": "room", "description": "Is it free?", "input_schema": {"type": "object", "properties": {}}}],
        "tool_choice": {"type": "any"},
    }
    assert call.key == "run:step"
    assert KEY in (call.headers.get("x-api-key", "") + call.headers.get("authorization", ""))


@shape("anthropic")
async def test_at_most_four_places_are_marked_for_the_cache(of: ScriptedServer) -> None:
    messages = tuple(
        Message(role="user" if i % 2 == 0 else "assistant", content=f"turn {i}", cache=True) for i in range(7)
    )
    await send("anthropic", of, messages)
    marked = [b["text"] for turn in of.calls[0].body["messages"] for b in turn["content"] if "cache_control" in b]
    assert marked == ["turn 3", "turn 4", "turn 5", "turn 6"]


@shape("anthropic")
async def test_arguments_that_never_parsed_go_back_inside_an_object(of: ScriptedServer) -> None:
    calls = (ToolCall(id="c1", name="room", arguments='{"n": '),)
    messages = (Message(role="user", content="x"), Message(role="assistant", tool_calls=calls))
    await send("anthropic", of, messages)
    assert of.calls[0].body["messages"][1]["content"][0]["input"] == {"arguments": '{"n": '}


@shape("anthropic")
async def test_sampling_that_a_model_refuses_is_learned(of: ScriptedServer) -> None:
    of.replies = [
        Reply(status=400, message="`temperature` and `top_p` cannot both be specified for this model."),
        Reply(status=400, message="`temperature` is deprecated for this model."),
        Reply(text="ok", times=9),
    ]
    chat = connect("anthropic", of.url)
    for _ in range(2):
        assert (await chat.complete(TALK, ChatOptions(top_p=0.5, timeout_s=10), idempotency_key="k")).texts == ("ok",)
    assert [sorted({"temperature", "top_p"} & set(c.body)) for c in of.calls] == [
        ["temperature", "top_p"],
        ["temperature"],
        [],
        [],
    ]
    await chat.aclose()


@shape("anthropic")
async def test_tools_beside_a_schema_leave_the_choice_among_them(of: ScriptedServer) -> None:
    of.replies = [Reply(text="", tool_calls=[{"id": "c", "name": "room", "arguments": "{}"}])]
    answer = await send("anthropic", of, tools=(ROOM,), output=schema(CLOSED))
    assert of.calls[0].body["tool_choice"] == {"type": "any"}
    assert [t["name"] for t in of.calls[0].body["tools"]] == ["room", "answer"]
    assert answer.tool_calls[0][0].name == "room"


@shape("bedrock")
async def test_a_whole_conversation_as_converse(of: ScriptedServer) -> None:
    await send(
        "bedrock",
        of,
        model="eu.anthropic.claude-v2:1",
        tools=(ROOM,),
        tool_choice="room",
        top_p=0.9,
        stop=("END",),
        extra_body={"top_k": 5},
    )
    (call,) = of.calls
    point = {"cachePoint": {"type": "default"}}
    assert call.path == "/model/eu.anthropic.claude-v2%3A1/converse"
    assert call.headers["authorization"] == f"Bearer {KEY}", "a Bedrock API key"
    assert call.body == {
        "system": [{"text": "be brief"}, point],
        "messages": [
            {
                "role": "user",
                "content": [{"image": {"format": "png", "source": {"bytes": "AAAA"}}}, {"text": "book it"}],
            },
            {
                "role": "assistant",
                "content": [
                    {"text": "I look."},
                    {"toolUse": {"toolUseId": "c1", "name": "room", "input": {"n": 1}}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"toolResult": {"toolUseId": "c1", "content": [{"text": "free"}]}},
                    {"toolResult": {"toolUseId": "c2", "content": [{"text": "(empty)"}]}},
                    {"text": "then go"},
                    point,
                ],
            },
        ],
        "inferenceConfig": {"maxTokens": 4096, "temperature": 0.2, "topP": 0.9, "stopSequences": ["END"]},
        "toolConfig": {
            "tools": [
                {
                    "toolSpec": {
                        "name": "room",
                        "description": "Is it free?",
                        "inputSchema": {"json": {"type": "object", "properties": {}}},
                    }
                }
            ],
            "toolChoice": {"tool": {"name": "room"}},
        },
        "additionalModelRequestFields": {"top_k": 5},
    }


@shape("bedrock")
async def test_the_signature_holds_for_what_arrives(of: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """SigV4 over the request as the server saw it: nothing between signing and sending changed it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.delenv("AWS_BEARER_TOKEN_BEDROCK", raising=False)
    await send("bedrock", of, model="arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x-v1:0", key=None)
    (call,) = of.calls
    signed = call.headers["authorization"]
    names = signed.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert "host" in names
    url = f"{of.url}{call.path}"
    again = AWSRequest("POST", url, headers={n: call.headers[n] for n in names}, data=call.raw)
    again.context["timestamp"] = call.headers["x-amz-date"]
    auth = SigV4Auth(Credentials("AKIAEXAMPLE", "secret"), "bedrock", "us-east-1")
    canonical = auth.canonical_request(again)
    assert signed.endswith("Signature=" + auth.signature(auth.string_to_sign(again, canonical), again))


@shape("bedrock")
async def test_missing_credentials_say_what_to_set(
    of: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    with pytest.raises(ProviderError, match="AWS_ACCESS_KEY_ID") as caught:
        await send("bedrock", of, key=None)
    assert caught.value.extra["reason"] == "auth"
    assert of.calls == []


@shape("bedrock")
async def test_an_image_that_is_none_is_refused_before_it_is_sent(of: ScriptedServer) -> None:
    broken = Message(role="user", content="x", images=(Image(media_type="image/png", data="no base64!"),))
    with pytest.raises(ProviderError, match="not base64"):
        await send("bedrock", of, (broken,))
    assert of.calls == []


@pytest.mark.parametrize("of", ["anthropic", "bedrock"], indirect=True)
async def test_counts_take_in_what_the_cache_gave_and_took(of: ScriptedServer, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["of"]
    usage = {
        "anthropic": {"input_tokens": 10, "output_tokens": 7, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 30, "output_tokens_details": {"thinking_tokens": 4}},
        "bedrock": {"inputTokens": 10, "outputTokens": 7, "totalTokens": 107, "cacheReadInputTokens": 60, "cacheWriteInputTokens": 30},
    }[name]  # fmt: skip
    body = of.shape.whole(Reply(text="x"), ["x"], {})
    of.replies = [Reply(body={**body, "usage": usage})]
    found = (await send(name, of)).usage
    assert (found.input_tokens, found.output_tokens) == (100, 7)
    assert (found.cached_tokens, found.cache_write_tokens) == (60, 30)
    assert found.reasoning_tokens == (4 if name == "anthropic" else 0)
