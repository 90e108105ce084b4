"""The OpenAI facade, asked by the official client over a real socket; the endpoint behind it is scripted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI

from qlp.models import Problem
from tests.http.fake_worker import FakeWorkers, outcome
from tests.support.api import Api, open_api
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.http

HELLO: Any = [{"role": "user", "content": "hello"}]
TOOL: Any = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
PICTURE: Any = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "what is this"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        ],
    }
]


class Facade:
    def __init__(self, api: Api, key: str) -> None:
        self.api = api
        self.key = key
        self.client = AsyncOpenAI(
            base_url=f"{api.url}/v1", api_key=key, max_retries=0, http_client=httpx_client(), timeout=30
        )

    async def create(self, **fields: Any) -> Any:
        return await self.client.chat.completions.create(**{"messages": HELLO, **fields})


def httpx_client() -> Any:
    """Of the client's own kind, which reads no proxy from the environment."""
    return openai.DefaultAsyncHttpxClient(trust_env=False)


Opened = Callable[..., AbstractAsyncContextManager[Facade]]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    @asynccontextmanager
    async def make(
        server: ScriptedServer | None = None, workers: FakeWorkers | None = None, **tree: Any
    ) -> AsyncIterator[Facade]:
        models: dict[str, Any] = {"base_url": server.url} if server else {"base_url": "http://127.0.0.1:9"}
        settings = {"models": {**models, "timeout_s": 20}, **tree}
        async with open_api(tmp_path, None, tree=settings, workers=workers) as api:
            if workers is not None:
                workers.use(api.database, tmp_path)
            yield Facade(api, await api.new_key("tenant-a"))

    return make


async def test_an_answer_arrives_as_the_endpoint_wrote_it(opened: Opened) -> None:
    with ScriptedServer([Reply(text="hi there")]) as server:
        async with opened(server) as facade:
            answer = await facade.create(
                model="local:scripted", n=2, temperature=0.3, logprobs=True, user="u", extra_body={"top_k": 7}
            )
    assert [choice.message.content for choice in answer.choices] == ["hi there", "hi there"]
    assert answer.choices[0].logprobs.content
    assert answer.usage.completion_tokens == 20
    (call,) = server.calls
    assert call.body == {
        "model": "scripted", "messages": HELLO, "n": 2, "temperature": 0.3, "logprobs": True, "user": "u", "top_k": 7
    }  # fmt: skip
    assert "authorization" not in call.headers, "the caller's key is ours alone"


async def test_a_stream_arrives_as_the_endpoint_wrote_it(opened: Opened) -> None:
    with ScriptedServer([Reply(text="one two three", piece=3)]) as server:
        async with opened(server) as facade:
            stream = await facade.create(model="scripted", stream=True, stream_options={"include_usage": True})
            chunks = [chunk async for chunk in stream]
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "one two three"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage.prompt_tokens == 100


async def test_tools_pictures_and_schemas_pass(opened: Opened) -> None:
    calls = [{"id": "c1", "name": "add", "arguments": '{"n": 1}'}]
    with ScriptedServer([Reply(text="", tool_calls=calls, finish_reason="tool_calls"), Reply(text="a dot")]) as server:
        async with opened(server) as facade:
            answer = await facade.create(model="scripted", tools=[TOOL], tool_choice="required")
            schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
            seen = await facade.create(model="scripted", messages=PICTURE, response_format=schema)
    assert answer.choices[0].message.tool_calls[0].function.arguments == '{"n": 1}'
    assert seen.choices[0].message.content == "a dot"
    assert server.calls[1].body["messages"] == PICTURE
    assert server.calls[1].body["response_format"] == schema


async def test_another_protocol_has_the_same_shape(opened: Opened) -> None:
    calls = [{"id": "toolu_1", "name": "add", "arguments": '{"n": 1}'}]
    replies = [
        Reply(text="hi"),
        Reply(text="one two", piece=3),
        Reply(text="", tool_calls=calls, finish_reason="tool_use"),
    ]
    with ScriptedServer(replies, shape="anthropic") as server:
        providers = {"claude": {"kind": "anthropic", "base_url": server.url, "api_key": "k", "price": "free"}}
        async with opened(None, providers=providers) as facade:
            answer = await facade.create(model="claude:claude-x", messages=PICTURE)
            stream = await facade.create(model="claude:claude-x", stream=True, stream_options={"include_usage": True})
            chunks = [chunk async for chunk in stream]
            tools = await facade.create(model="claude:claude-x", tools=[TOOL], stream=True)
            called = [c.choices[0].delta.tool_calls async for c in tools if c.choices and c.choices[0].delta.tool_calls]
    assert answer.choices[0].message.content == "hi"
    assert answer.model == "claude:claude-x"
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "one two"
    assert chunks[-1].usage.total_tokens > 0
    assert called[0][0].function.name == "add"
    assert json.loads(called[0][0].function.arguments) == {"n": 1}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(status=429, headers={"Retry-After": "3"}, message="slow down"), openai.RateLimitError),
        (Reply(status=400, code="context_length_exceeded", message="too long"), openai.BadRequestError),
        (Reply(status=401, message="bad key"), openai.InternalServerError),
        (Reply(status=503, message="down"), openai.InternalServerError),
        (Reply(body="<html>oops</html>", headers={"Content-Type": "text/html"}), openai.InternalServerError),
        (Reply(mode="reset"), openai.InternalServerError),
    ],
)
async def test_faults_of_the_endpoint(opened: Opened, reply: Reply, kind: type[openai.APIStatusError]) -> None:
    with ScriptedServer([reply.model_copy(update={"times": 5})]) as server:
        async with opened(server) as facade:
            with pytest.raises(kind) as failed:
                await facade.create(model="scripted")
    assert failed.value.body["message"]  # type: ignore[index]
    if reply.status == 429:
        assert failed.value.response.headers["retry-after"] == "3"
    if reply.status == 400:
        assert failed.value.code == "context_length_exceeded"


async def test_a_stream_that_breaks_off_says_so(opened: Opened) -> None:
    with ScriptedServer([Reply(text="word " * 50, mode="half")]) as server:
        async with opened(server) as facade:
            stream = await facade.create(model="scripted", stream=True)
            with pytest.raises(openai.APIError, match="broke the answer off"):
                [chunk async for chunk in stream]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"model": "nobody:x"}, openai.NotFoundError),
        ({"model": "qlp-t9"}, openai.NotFoundError),
        ({"model": "vllm:x"}, openai.NotFoundError),
        ({"model": ""}, openai.BadRequestError),
        ({"model": "scripted", "messages": []}, openai.BadRequestError),
        ({"model": "qlp-auto", "n": 2}, openai.BadRequestError),
        ({"model": "qlp-auto", "messages": PICTURE}, openai.BadRequestError),
        ({"model": "qlp-auto", "extra_body": {"qlp": {"language": "cobol"}}}, openai.BadRequestError),
    ],
)
async def test_wrong_requests(opened: Opened, fields: dict[str, Any], kind: type[openai.APIStatusError]) -> None:
    with ScriptedServer([]) as server:
        async with opened(server) as facade:
            with pytest.raises(kind) as refused:
                await facade.create(**fields)
    error = refused.value.response.json()["error"]
    assert error["message"]
    assert error["type"] == "invalid_request_error"


async def test_no_key_and_no_json(opened: Opened) -> None:
    async with opened() as facade:
        stranger = AsyncOpenAI(
            base_url=f"{facade.api.url}/v1", api_key="qlp_wrong", max_retries=0, http_client=httpx_client()
        )
        with pytest.raises(openai.AuthenticationError) as refused:
            await stranger.models.list()
        assert refused.value.code == "invalid_api_key"
        async with facade.api.client(facade.key) as http:
            answer = await http.post("/v1/chat/completions", content=b"{nope")
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_stops_the_endpoint(opened: Opened, stream: bool) -> None:
    with ScriptedServer([Reply(text="word " * 2000, mode="drip")]) as server:
        async with opened(server) as facade:
            if stream:
                answer = await facade.create(model="scripted", stream=True)
                await anext(aiter(answer))
                await answer.close()
            else:
                asked = asyncio.ensure_future(facade.create(model="scripted"))
                while not server.calls:  # noqa: ASYNC110  the server is in a thread
                    await asyncio.sleep(0.01)
                asked.cancel()
                await asyncio.wait([asked])
            async with asyncio.timeout(20):
                while server.open_connections:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)


async def test_money_is_set_aside_and_settled(opened: Opened) -> None:
    own = [{"model": "paid:scripted", "input": "1", "output": "2"}]
    with ScriptedServer([Reply(text="hi", times=3)]) as server:
        paid = {"paid": {"kind": "openai", "base_url": server.url, "api_key": "k", "price": "unknown"}}
        async with opened(None, providers=paid, prices={"own": own}) as facade:
            await facade.create(model="paid:scripted", max_tokens=50)
            chunks = [c async for c in await facade.create(model="paid:scripted", stream=True)]
            async with facade.api.client(facade.key) as http:
                report = (await http.get("/v1/costs", params={"by": "model"})).json()
    assert all(c.choices for c in chunks), "usage was asked for by us, not by the client"
    assert server.calls[1].body["max_tokens"] > 0
    assert float(report["total"]["cost_usd"]) == pytest.approx(2 * (100 * 1e-6 + 10 * 2e-6))


@pytest.mark.parametrize("stream", [True, False])
async def test_the_limits_of_a_provider_hold_here_too(opened: Opened, stream: bool) -> None:
    with ScriptedServer([Reply(match=".", text="hi")]) as server:
        work = {"base_url": server.url, "api_key": "k", "rpm": 2}
        models = {"base_url": server.url, "timeout_s": 2}
        async with opened(None, providers={"work": work}, models=models) as facade:
            for _ in range(2):
                answer = await facade.create(model="work:scripted", stream=stream)
                if stream:
                    assert [chunk async for chunk in answer]
            with pytest.raises(openai.RateLimitError):
                await facade.create(model="work:scripted", stream=stream)
            await facade.create(model="local:scripted")
    assert len(server.calls) == 3, "a call over the limit reached the endpoint"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_budget_that_is_used_up(opened: Opened, stream: bool) -> None:
    own = [{"model": "paid:scripted", "input": "1", "output": "2"}]
    with ScriptedServer([Reply(text="hi", times=3)]) as server:
        paid = {"paid": {"kind": "openai", "base_url": server.url, "api_key": "k", "price": "unknown"}}
        caps = {"tenant": {"month": "0.0001"}}
        async with opened(None, providers=paid, prices={"own": own}, budgets=caps) as facade:
            with pytest.raises(openai.RateLimitError) as refused:
                await facade.create(model="paid:scripted", max_tokens=5000, stream=stream)
    assert refused.value.code == "insufficient_quota"
    assert not server.calls


async def test_models(opened: Opened) -> None:
    hosted = {"models": {"Qwen/Qwen3": {"adapters": {"sql": "/a"}}}}
    with ScriptedServer([], models=["scripted", "other"]) as server:
        async with opened(server, vllm=hosted) as facade:
            listed = [model.id async for model in facade.client.models.list()]
            one = await facade.client.models.retrieve("vllm:Qwen/Qwen3@sql")
            with pytest.raises(openai.NotFoundError):
                await facade.client.models.retrieve("nope")
    runs = ["qlp-auto", "qlp-t0", "qlp-t1", "qlp-t2", "qlp-t3"]
    assert listed == [*runs, "vllm:Qwen/Qwen3", "vllm:Qwen/Qwen3@sql", "scripted", "other"]
    assert one.owned_by == "cluster"


async def test_a_whole_run_is_a_completion(opened: Opened) -> None:
    workers = FakeWorkers(outcome())
    async with opened(workers=workers) as facade:
        raw = await facade.client.chat.completions.with_raw_response.create(
            model="qlp-t0", messages=[{"role": "system", "content": "be brief"}, {"role": "user", "content": "a shop"}]
        )
        answer = raw.parse()
        run_id = raw.headers["x-qlp-run-id"]
        async with facade.api.client(facade.key) as http:
            run = (await http.get(f"/v1/runs/{run_id}")).json()
    text = answer.choices[0].message.content
    assert text is not None
    assert text.startswith("Verified (decision accept, capsule capsule-v1.zip)")
    assert "path=" in text
    told: Any = answer.model_extra
    assert told["qlp"]["verified"] is True
    assert told["qlp"]["run_id"] == run_id
    assert told["qlp"]["capsule"]["archive"] == "/v1/capsules/capsule-v1/archive?format=zip"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 18
    assert run["request"]["tier"] == "t0"
    assert run["request"]["text"] == "a shop\n\nSaid before:\n\nsystem: be brief"


async def test_a_run_tells_its_progress_and_never_calls_unverified_verified(opened: Opened) -> None:
    workers = FakeWorkers(outcome(verified=False))
    async with opened(workers=workers) as facade:
        stream = await facade.create(model="qlp-auto", stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in stream]
    told = [c.model_extra["qlp"] for c in chunks if "qlp" in c.model_extra]
    assert [t["event"]["type"] for t in told if "event" in t] == ["run.created", "run.in_progress", "run.completed"]
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text.startswith("Not verified (decision human_review")
    assert told[-1]["verified"] is False
    assert chunks[-1].usage.prompt_tokens == 11


async def test_a_run_that_fails_is_an_error(opened: Opened) -> None:
    workers = FakeWorkers(Problem(code="no_generator", detail="no blueprint matches"))
    async with opened(workers=workers) as facade:
        with pytest.raises(openai.BadRequestError, match="no blueprint matches"):
            await facade.create(model="qlp-t0")
        stream = await facade.create(model="qlp-t0", stream=True)
        with pytest.raises(openai.APIError, match="no blueprint matches"):
            [chunk async for chunk in stream]


async def test_the_same_key_is_the_same_run(opened: Opened) -> None:
    workers = FakeWorkers(outcome())
    async with opened(workers=workers) as facade:
        named = {"extra_headers": {"Idempotency-Key": "once"}}
        first = await facade.create(model="qlp-auto", **named)
        again = await facade.create(model="qlp-auto", **named)
        assert first.model_extra["qlp"]["run_id"] == again.model_extra["qlp"]["run_id"]
        with pytest.raises(openai.BadRequestError) as refused:
            await facade.create(model="qlp-auto", messages=[{"role": "user", "content": "other"}], **named)
        assert refused.value.code == "idempotency_key_reused"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_cancels_its_run(opened: Opened, stream: bool) -> None:
    workers = FakeWorkers(None)
    async with opened(workers=workers) as facade:
        if stream:
            answer = await facade.create(model="qlp-auto", stream=True)
            await anext(aiter(answer))
            run_id = await workers.began.get()
            await answer.close()
        else:
            asked = asyncio.ensure_future(facade.create(model="qlp-auto"))
            run_id = await workers.began.get()
            asked.cancel()
            await asyncio.wait([asked])
        async with asyncio.timeout(20):
            assert await workers.stopped.get() == run_id


async def test_bytes_are_not_touched(opened: Opened) -> None:
    odd = 'data: {"choices":[{"index":0,"delta":{"content":"\\u00e9 x"}, "vendor":1}],  "z":0}\n\ndata: [DONE]\n\n'
    with ScriptedServer([Reply(text="", frames=[odd])]) as server:
        async with opened(server) as facade, facade.api.client(facade.key) as http:
            answer = await http.post(
                "/v1/chat/completions", json={"model": "scripted", "messages": HELLO, "stream": True}
            )
    assert isinstance(answer, httpx.Response)
    assert answer.content == odd.encode()
