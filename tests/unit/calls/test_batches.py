"""Batches over real HTTP: both APIs, taken up again by id, partial failures, faults on the way."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal

import pytest
from pydantic import SecretStr

from qlp.calls.anthropic_batch import AnthropicBatches
from qlp.calls.batch import BatchAnswer, BatchProvider, BatchRequest, Polling, complete_batch
from qlp.calls.openai_batch import OpenAIBatches
from qlp.errors import (
    InputError,
    ProviderError,
    ProviderRateLimitError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from qlp.providers.endpoint import Endpoint
from qlp.providers.prices import Tokens
from qlp.providers.protocol import ChatOptions, Message
from tests.support.batch_server import BatchServer

pytestmark = pytest.mark.unit
Make = Callable[[BatchServer], BatchProvider]


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def half_a_cent_a_token(tokens: Tokens) -> Decimal:
    return Decimal("0.005") * (tokens.input + tokens.output)


def openai(server: BatchServer) -> BatchProvider:
    endpoint = Endpoint(base_url=f"{server.url}/v1", api_key=SecretStr("sk-secret"), label="acme", source="settings")
    return OpenAIBatches(endpoint, "gpt-x", price=half_a_cent_a_token)


def anthropic(server: BatchServer) -> BatchProvider:
    endpoint = Endpoint(base_url=server.url, api_key=SecretStr("sk-secret"), label="acme", source="settings")
    return AnthropicBatches(endpoint, "claude-x", price=half_a_cent_a_token)


BOTH = pytest.mark.parametrize("make", [openai, anthropic], ids=["openai", "anthropic"])


def requests(*ids: str, **options: object) -> tuple[BatchRequest, ...]:
    asked = ChatOptions.model_validate({"temperature": 0.5, **options})
    return tuple(BatchRequest(id=i, messages=(Message(role="user", content=f"say {i}"),), options=asked) for i in ids)


async def run(
    provider: BatchProvider, asked: tuple[BatchRequest, ...], clock: Time | None = None, **more: object
) -> tuple[BatchAnswer, ...]:
    clock = clock or Time()
    try:
        return await complete_batch(
            provider,
            asked,
            **{"idempotency_key": "run:1", "deadline_s": 300, "rng": random.Random(1), **more},
            clock=clock,
            sleep=clock.sleep,
        )  # type: ignore[arg-type]
    finally:
        await provider.aclose()


@BOTH
async def test_answers_come_in_the_order_of_the_requests_at_the_batch_price(make: Make) -> None:
    with BatchServer({"b": "B", "a": "A"}, polls=3) as server:
        clock = Time()
        answers = await run(make(server), requests("a", "b"), clock)
    assert [(a.id, a.result().texts) for a in answers] == [("a", ("A",)), ("b", ("B",))]
    usage = answers[0].result().usage
    assert (usage.calls, usage.input_tokens, usage.output_tokens, usage.cost_usd) == (1, 100, 10, Decimal("0.55"))
    assert 12 < clock.now < 15, "two pauses: five seconds, then half as long again, and jitter"


@BOTH
async def test_requests_are_written_as_single_calls_are(make: Make) -> None:
    with BatchServer({"a": "A"}) as server:
        await run(make(server), requests("a", max_tokens=77))
        line = server.batches[next(iter(server.batches))]["lines"][0]
    body = line.get("body") or line["params"]
    assert line["custom_id"] == "a"
    assert (body["model"][-2:], body["max_tokens"], body["temperature"]) == ("-x", 77, 0.5)
    assert "say a" in json.dumps(body["messages"])


@BOTH
async def test_some_may_fail_each_in_its_own_way(make: Make) -> None:
    too_long = {"code": "context_length_exceeded", "type": "invalid_request_error", "message": "prompt is too long"}
    busy = {"type": "rate_limit_error", "message": "slow down, sk-secret"}
    wrapped = make is openai
    answers = {
        "ok": "yes",
        "long": (400, {"error": too_long} if wrapped else too_long),
        "busy": (429, {"error": busy} if wrapped else busy),
        "late": None,
    }
    with BatchServer(answers, status="expired") as server:
        done = {a.id: a for a in await run(make(server), requests("ok", "long", "busy", "late"))}
    assert done["ok"].result().texts == ("yes",)
    with pytest.raises(ProviderError) as long:
        done["long"].result()
    assert long.value.extra["reason"] == "context_length"
    with pytest.raises(ProviderRateLimitError) as limited:
        done["busy"].result()
    assert "sk-secret" not in limited.value.detail
    with pytest.raises(ProviderTimeoutError):
        done["late"].result()


@BOTH
async def test_a_batch_is_taken_up_again_by_its_id(make: Make) -> None:
    noted: list[str] = []

    async def note(batch_id: str) -> None:
        noted.append(batch_id)

    with BatchServer({"a": "A"}, polls=100) as server:
        with pytest.raises(ProviderTimeoutError) as late:
            await run(make(server), requests("a"), deadline_s=60, on_submitted=note)
        assert noted == [late.value.extra["batch_id"]]
        server.polls = 1
        answers = await run(make(server), requests("a"), batch_id=noted[0])
        assert len(server.batches) == 1
    assert answers[0].result().texts == ("A",)


async def test_a_batch_whose_id_was_lost_is_found_by_its_key() -> None:
    with BatchServer({"a": "A"}) as server:
        provider = openai(server)
        first = await provider.submit(requests("a"), idempotency_key="run:1")
        assert await provider.submit(requests("a"), idempotency_key="run:1") == first
        assert await provider.submit(requests("a"), idempotency_key="run:2") != first
        await provider.aclose()


@BOTH
async def test_faults_while_waiting_are_waited_out(make: Make) -> None:
    clock = Time()
    with BatchServer({"a": "A"}) as server:
        provider = make(server)
        batch = await provider.submit(requests("a"), idempotency_key="k")
        server.faults = [(503, {}), (429, {"retry-after": "90"})]
        answers = await run(provider, requests("a"), clock, batch_id=batch)
    assert answers[0].result().texts == ("A",)
    assert clock.now > 95, "Retry-After is honoured"


@BOTH
async def test_a_refused_key_ends_the_wait(make: Make) -> None:
    with BatchServer({"a": "A"}) as server:
        server.faults = [(401, {})]
        with pytest.raises(ProviderError) as refused:
            await run(make(server), requests("a"), batch_id="batch_1")
    assert (refused.value.extra["reason"], refused.value.extra["batch_id"]) == ("auth", "batch_1")


@BOTH
async def test_an_unknown_batch_is_said_to_be_unknown(make: Make) -> None:
    with BatchServer() as server, pytest.raises(ProviderError) as unknown:
        await run(make(server), requests("a"), batch_id="batch_9")
    assert unknown.value.extra["reason"] == "not_found"


async def test_a_batch_that_is_turned_down_says_why() -> None:
    with (
        BatchServer({"a": "A"}, status="failed") as server,
        pytest.raises(ProviderError, match="the file is empty") as e,
    ):
        await run(openai(server), requests("a"))
    assert e.value.extra["reason"] == "refused"


@BOTH
@pytest.mark.parametrize("page", ["<html>gateway</html>", "[]", "null", '{"id": 7}', '"text"'])
async def test_what_is_no_batch_is_a_typed_error(make: Make, page: str) -> None:
    with BatchServer() as server:
        server.page = page
        with pytest.raises(ProviderError):
            await run(make(server), requests("a"), batch_id="batch_1", deadline_s=1)


@BOTH
async def test_broken_foreign_and_doubled_result_lines_do_no_harm(make: Make) -> None:
    with BatchServer({"a": "A"}) as server:
        server.lines_after = '\n{broken\n[1]\n\n{"custom_id": "x"}\n{"custom_id": "a", "result": {}, "response": {}}\n'
        answers = await run(make(server), requests("a"))
    assert [(a.id, a.result().texts) for a in answers] == [("a", ("A",))]


@BOTH
async def test_a_server_that_is_gone_is_an_outage(make: Make) -> None:
    with BatchServer() as server:
        provider = make(server)
    with pytest.raises(ProviderUnavailableError):
        await provider.state("batch_1")
    await provider.aclose()


@BOTH
async def test_cancelling_reaches_the_server(make: Make) -> None:
    with BatchServer({"a": "A"}) as server:
        provider = make(server)
        batch = await provider.submit(requests("a"), idempotency_key="k")
        await provider.cancel(batch)
        await provider.aclose()
        assert server.paths[-1].endswith(f"{batch}/cancel")


async def test_ids_that_no_batch_takes_are_refused_before_anything_is_sent() -> None:
    with BatchServer() as server:
        for asked in (requests("a", "a"), requests("with space"), requests("")):
            with pytest.raises(InputError):
                await run(openai(server), asked)
        assert await run(openai(server), ()) == ()
        assert server.paths == []


async def test_one_sample_a_request_where_the_api_has_no_n() -> None:
    with BatchServer() as server, pytest.raises(ProviderError, match="send 3 requests") as refused:
        await run(anthropic(server), requests("a", n=3))
    assert refused.value.extra["reason"] == "unsupported"


def test_pauses_grow_up_to_a_minute() -> None:
    polling, rng = Polling(jitter=0), random.Random(0)
    assert [polling.pause(i, rng) for i in (0, 1, 2)] == [5, 7.5, 11.25]
    assert polling.pause(10_000, rng) == 60
