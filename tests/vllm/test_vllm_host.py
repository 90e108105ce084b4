"""The host on a real engine: the test model on this machine's processor."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path

import pytest

from actors.vllm.client import ModelClient
from actors.vllm.declared import app_name
from actors.vllm.provider import hosted_model
from actors.vllm.reply import ReplicaStatus
from qlp.config import Settings
from qlp.errors import ProviderError, ProviderUnavailableError
from qlp.providers.protocol import ChatOptions, Image, Message, OutputSchema, Tool
from tests.vllm.conftest import NAME
from tests.vllm.waiting import until

pytestmark = pytest.mark.vllm

ASKED = (Message(role="user", content="Add 1 to the number."),)
LONG = {"model": NAME, "messages": [{"role": "user", "content": "x"}], "ignore_eos": True, "max_tokens": 480}

LOOPBACK = ("0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000")
"""127.0.0.1, the same as IPv6, and ::1, as /proc writes them."""


def options(**fields: object) -> ChatOptions:
    return ChatOptions.model_validate({"max_tokens": 40, "temperature": 0.0, "timeout_s": 60.0, **fields})


async def test_samples_log_probabilities_and_usage(hosted: Settings) -> None:
    model = hosted_model(hosted.vllm, NAME)
    asked = options(n=3, temperature=0.8, seed=1, logprobs=2, extra_body={"top_k": 50})
    answer = await model.complete(ASKED, asked, idempotency_key="k")
    assert answer.model == "vllm:tiny"
    assert len(answer.texts) == 3
    assert all(text.startswith("def f(x):") for text in answer.texts)
    assert [len(tokens[0].top) for tokens in answer.logprobs] == [2, 2, 2]
    assert sum(len(tokens) for tokens in answer.logprobs) <= answer.usage.output_tokens <= 120
    assert answer.usage.calls == 1
    assert answer.usage.cost_usd == 0


async def test_a_stream_adds_up_to_the_same_answer(hosted: Settings) -> None:
    model = hosted_model(hosted.vllm, NAME)
    whole = await model.complete(ASKED, options(), idempotency_key="k")
    deltas = [delta async for delta in model.stream(ASKED, options(), idempotency_key="k")]
    assert "".join(delta.text for delta in deltas) == whole.texts[0]
    assert len(deltas) > 3
    last = deltas[-1].completion
    assert last is not None
    assert last.usage.output_tokens == whole.usage.output_tokens


async def test_tokens_cross_in_frames(hosted: Settings) -> None:
    body = {**LONG, "stream_options": {"include_usage": True}}
    frames = [frame async for frame in ModelClient(NAME).chat_stream(body, "s", 60)]
    events = b"".join(frame for frame in frames if isinstance(frame, bytes)).decode().strip().split("\n\n")
    assert events[-1] == "data: [DONE]"
    tokens = json.loads(events[-2].removeprefix("data: "))["usage"]["completion_tokens"]
    assert tokens == 480
    assert len(frames) < tokens / 2


async def test_structured_output(hosted: Settings) -> None:
    schema = {
        "type": "object",
        "properties": {"verdict": {"enum": ["yes", "no"]}, "sure": {"type": "boolean"}},
        "required": ["verdict", "sure"],
        "additionalProperties": False,
    }
    asked = options(output=OutputSchema.model_validate({"name": "a", "schema": schema}))
    answer = await hosted_model(hosted.vllm, NAME).complete(ASKED, asked, idempotency_key="k")
    given = json.loads(answer.texts[0])
    assert given["verdict"] in ("yes", "no")
    assert isinstance(given["sure"], bool)


async def test_an_adapter_answers_otherwise(hosted: Settings) -> None:
    base = await hosted_model(hosted.vllm, NAME).complete(ASKED, options(logprobs=0), idempotency_key="k")
    tuned = hosted_model(hosted.vllm, f"{NAME}@random")
    other = await tuned.complete(ASKED, options(logprobs=0), idempotency_key="k")
    assert other.model == "vllm:tiny@random"
    assert [t.logprob for t in other.logprobs[0]] != [t.logprob for t in base.logprobs[0]]
    again = await hosted_model(hosted.vllm, NAME).complete(ASKED, options(), idempotency_key="k")
    assert again.texts == base.texts


async def test_tools_are_offered(hosted: Settings) -> None:
    tool = Tool(name="add", parameters={"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
    asked = options(tools=(tool,), tool_choice="add", max_tokens=60)
    answer = await hosted_model(hosted.vllm, NAME).complete(ASKED, asked, idempotency_key="k")
    ((call,),) = answer.tool_calls
    assert call.name == "add"


async def test_a_conversation_finds_its_prefix_in_the_cache(hosted: Settings) -> None:
    model = hosted_model(hosted.vllm, NAME)
    first = Message(role="user", content="Reverse the list, then take its first element. " * 4)
    opened = await model.complete((first,), options(), idempotency_key="k")
    more = (first, Message(role="assistant", content=opened.texts[0]), Message(role="user", content="again"))
    followed = await model.complete(more, options(), idempotency_key="k")
    assert opened.usage.cached_tokens == 0
    assert followed.usage.cached_tokens >= 32


async def test_what_the_model_cannot_do_is_refused(hosted: Settings) -> None:
    model = hosted_model(hosted.vllm, NAME)
    picture = Message(role="user", content="x", images=(Image(media_type="image/png", data="iVBORw0KGgo="),))
    too_long = Message(role="user", content="word " * 2000)
    for message, reason in ((picture, "unsupported"), (too_long, "context_length")):
        with pytest.raises(ProviderError) as refused:
            await model.complete((message,), options(), idempotency_key="k")
        assert refused.value.extra["reason"] == reason
    with pytest.raises(ProviderError, match="declared: tiny, tiny@random"):
        hosted_model(hosted.vllm, "other")


async def test_a_reader_that_leaves_frees_its_place_in_the_engine(hosted: Settings) -> None:
    client = ModelClient(NAME)
    before = (await client.status()).engine.finished
    streams = [client.chat_stream(LONG, f"s{i}", 60) for i in range(3)]
    for stream in streams:
        await anext(stream)
    assert (await client.status()).engine.running == 3
    await streams[0].aclose()
    waiter = asyncio.ensure_future(client.chat(LONG, "s", 60))
    await until(lambda: _engine_holds(client, 3), "the whole request to begin")
    waiter.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiter
    await until(lambda: _engine_holds(client, 2), "the cancelled requests to leave the engine")
    await streams[1].aclose()
    after = await until(lambda: _engine_holds(client, 1), "the second reader to leave the engine")
    assert after.engine.finished == before, "none of them can have ended by itself"
    await streams[2].aclose()


async def test_the_engine_says_its_numbers_to_ray(hosted: Settings) -> None:
    import httpx
    import ray

    (node,) = ray.nodes()
    url = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:

        async def seen() -> bool:
            text = (await http.get(url)).text
            return "ray_vllm_generation_tokens_total" in text and "ray_vllm_num_requests_running" in text

        await until(seen, "the metrics to be exported")


async def test_nothing_listens_beyond_this_machine(hosted: Settings) -> None:
    status = await ModelClient(NAME).status()
    processes = [status.pid, *_children(status.pid)]
    assert len(processes) > 1
    assert not [address for pid in processes for address in _listening(pid) if not address.startswith(LOOPBACK)]


async def test_a_replica_whose_engine_died_is_replaced(hosted: Settings) -> None:
    client = ModelClient(NAME)
    before = await client.status()
    for pid in _engines(before.pid):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(ProviderUnavailableError):
        await client.chat(LONG, "s", 60)

    async def replaced() -> ReplicaStatus | None:
        with contextlib.suppress(ProviderError):
            now = await client.status()
            return now if now.replica != before.replica else None
        return None

    await until(replaced, "another replica")
    answer = await hosted_model(hosted.vllm, NAME).complete(ASKED, options(), idempotency_key="k")
    assert answer.texts


async def test_no_engine_outlives_its_replica(hosted: Settings) -> None:
    from ray import serve

    status = await ModelClient(NAME).status()
    engines = _engines(status.pid)
    assert engines
    os.kill(status.pid, signal.SIGKILL)

    async def gone() -> bool:
        return not any(_alive(pid) for pid in engines)

    await until(gone, "the engine to end")
    serve.delete(app_name(NAME), _blocking=False)  # the next replica would load the model for nobody


async def _engine_holds(client: ModelClient, count: int) -> ReplicaStatus | None:
    """By the scheduler's own count and by the number of requests that were given to it."""
    now = await client.status()
    return now if now.engine.running == count == now.engine.unfinished else None


def _engines(replica: int) -> list[int]:
    return [pid for pid in _children(replica) if b"EngineCore" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                child = int(stat.parent.name)
                found += [child, *_children(child)]
    return found


def _alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _listening(pid: int) -> list[str]:
    """Local addresses, as /proc has them, on which a process listens."""
    inodes = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = os.readlink(fd)
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    rows = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()
    ]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]
