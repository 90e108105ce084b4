"""The provider against a real HTTP server that answers as badly as servers do."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from decimal import Decimal

import pytest
from pydantic import SecretStr

from qlp.errors import ProviderError, ProviderRateLimitError, ProviderTimeoutError, ProviderUnavailableError
from qlp.providers.breaker import BreakerPolicy, CircuitBreaker
from qlp.providers.endpoint import Endpoint
from qlp.providers.openai_compatible import OpenAICompatible
from qlp.providers.protocol import ChatOptions, Completion, Message
from qlp.providers.retry import RetryPolicy
from qlp.providers.wire import Bounds
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.unit

QUICK = RetryPolicy(attempts=4, base_s=0.01, cap_s=0.02)
KEY = "sk-very-secret-0123456789"


def provider(
    server: ScriptedServer,
    *,
    key: str | None = None,
    breaker: CircuitBreaker | None = None,
    bounds: Bounds | None = None,
) -> OpenAICompatible:
    endpoint = Endpoint(
        base_url=server.url, api_key=SecretStr(key) if key else None, label="local", source="settings", price="free"
    )
    return OpenAICompatible(endpoint, "scripted", retry=QUICK, breaker=breaker, bounds=bounds, rng=random.Random(1))


async def ask(chat: OpenAICompatible, *, key: str = "run_1:step_1", **options: object) -> Completion:
    try:
        return await chat.complete(
            (Message(role="system", content="be brief"), Message(role="user", content="hello")),
            ChatOptions.model_validate({"timeout_s": 5, **options}),
            idempotency_key=key,
        )
    finally:
        await chat.aclose()


async def test_a_call_carries_messages_options_and_idempotency_key(server: ScriptedServer) -> None:
    server.replies = [Reply(text="hi")]
    answer = await ask(provider(server), temperature=0.7, max_tokens=99, extra_body={"top_k": 5})
    assert (answer.texts, answer.cut, answer.model) == (("hi",), (False,), "local:scripted")
    (call,) = server.calls
    assert call.key == "run_1:step_1"
    assert call.body == {
        "model": "scripted",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}],
        "temperature": 0.7,
        "max_tokens": 99,
        "top_k": 5,
    }


async def test_usage_counts_cached_tokens_and_free_costs_nothing(server: ScriptedServer) -> None:
    server.replies = [Reply(text="hi")]
    usage = (await ask(provider(server))).usage
    assert (usage.calls, usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (1, 100, 10, 40)
    assert usage.cost_usd == Decimal(0)


async def test_cost_is_unknown_when_the_server_reports_no_usage(server: ScriptedServer) -> None:
    server.replies = [Reply(text="hi", usage=None)]
    endpoint = Endpoint(base_url=server.url, label="local", source="settings", price="table")
    usage = (await ask(OpenAICompatible(endpoint, "gpt-4o-mini"))).usage
    assert usage.cost_usd is None


async def test_priced_by_the_table_when_told_so(server: ScriptedServer) -> None:
    server.replies = [Reply(text="hi")]
    endpoint = Endpoint(base_url=server.url, label="local", source="settings", price="table")
    usage = (await ask(OpenAICompatible(endpoint, "gpt-4o-mini"))).usage
    # 60 fresh at 0.15, 40 cached at 0.075 and 10 out at 0.6 dollars a million
    assert usage.cost_usd == Decimal("0.000018")


async def test_n_samples_in_one_request(server: ScriptedServer) -> None:
    server.replies = [Reply(texts=["a", "b", "c"])]
    answer = await ask(provider(server), n=3)
    assert answer.texts == ("a", "b", "c")
    assert len(server.calls) == 1


async def test_a_server_that_ignores_n_is_asked_for_the_rest_in_parallel(server: ScriptedServer) -> None:
    server.replies = [Reply(texts=["a", "b", "c", "d"], ignore_n=True, times=8, delay_s=0.5)]
    chat = provider(server)
    answer = await ask(chat, n=4, extra_body={"seed": 7})
    first, *rest = [c.at for c in server.calls]
    assert max(rest) - min(rest) < 0.5 <= min(rest) - first, "the rest was not asked before one of it was answered"
    assert sorted(answer.texts) == ["a", "b", "c", "d"]
    assert answer.usage.calls == 4
    assert answer.usage.input_tokens == 400
    assert {c.key for c in server.calls} == {"run_1:step_1", *(f"run_1:step_1:{i}" for i in (1, 2, 3))}
    assert sorted(c.body["seed"] for c in server.calls) == [7, 8, 9, 10]
    await ask(chat, n=4)
    assert [c.body.get("n") for c in server.calls[4:]] == [None] * 4, "the lesson was forgotten"


async def test_a_server_that_refuses_n_is_asked_one_by_one(server: ScriptedServer) -> None:
    server.replies = [Reply(texts=["a", "b"], refuse=["n"], times=9, ignore_n=True)]
    assert sorted((await ask(provider(server), n=2)).texts) == ["a", "b"]


async def test_refused_parameters_are_dropped_or_renamed(server: ScriptedServer) -> None:
    server.replies = [Reply(text="hi", refuse=["max_tokens", "temperature"], times=9)]
    assert (await ask(provider(server), max_tokens=50)).texts == ("hi",)
    assert server.calls[-1].body["max_completion_tokens"] == 50
    assert "temperature" not in server.calls[-1].body


async def test_samples_that_arrived_survive_the_deadline(server: ScriptedServer) -> None:
    server.replies = [Reply(text="first", ignore_n=True), Reply(text="late", delay_s=5, times=3)]
    answer = await ask(provider(server), n=3, timeout_s=0.6)
    assert answer.texts == ("first",)


async def test_finish_reason_length_is_a_cut(server: ScriptedServer) -> None:
    server.replies = [Reply(text="def f(", finish_reason="length")]
    assert (await ask(provider(server))).cut == (True,)


async def test_rate_limit_waits_as_long_as_the_server_says(server: ScriptedServer) -> None:
    server.replies = [Reply(status=429, headers={"Retry-After": "1"}), Reply(text="ok")]
    answer = await ask(provider(server))
    assert answer.texts == ("ok",)
    assert 1.0 <= server.calls[1].at - server.calls[0].at < 2.0
    assert server.calls[0].key == server.calls[1].key


async def test_retry_after_beyond_the_deadline_fails_at_once(server: ScriptedServer) -> None:
    server.replies = [Reply(status=429, headers={"Retry-After": "3600"}, times=9)]
    started = time.monotonic()
    with pytest.raises(ProviderRateLimitError) as caught:
        await ask(provider(server))
    assert time.monotonic() - started < 2
    assert caught.value.extra["retry_after_s"] == 3600
    assert len(server.calls) == 1


async def test_an_empty_account_is_not_retried(server: ScriptedServer) -> None:
    body = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    server.replies = [Reply(status=429, body=body, times=9)]
    with pytest.raises(ProviderRateLimitError, match="quota"):
        await ask(provider(server))
    assert len(server.calls) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 529, 408])
async def test_outages_are_retried(server: ScriptedServer, status: int) -> None:
    server.replies = [Reply(status=status, times=2), Reply(text="back")]
    assert (await ask(provider(server))).texts == ("back",)
    assert len(server.calls) == 3


async def test_a_lasting_outage_is_unavailable_after_bounded_retries(server: ScriptedServer) -> None:
    server.replies = [Reply(status=503, times=99)]
    with pytest.raises(ProviderUnavailableError, match="503"):
        await ask(provider(server))
    assert len(server.calls) == QUICK.attempts


@pytest.mark.parametrize("mode", ["reset", "half"])
async def test_a_broken_connection_is_retried_then_unavailable(server: ScriptedServer, mode: str) -> None:
    server.replies = [Reply.model_validate({"mode": mode, "text": "x" * 200}), Reply(text="ok")]
    assert (await ask(provider(server))).texts == ("ok",)
    server.replies = [Reply.model_validate({"mode": mode, "text": "x" * 200, "match": "hello"})]
    with pytest.raises(ProviderUnavailableError):
        await ask(provider(server))


async def test_nothing_listens(server: ScriptedServer) -> None:
    chat = OpenAICompatible(
        Endpoint(base_url="http://127.0.0.1:9/v1", label="local", source="settings"), "m", retry=QUICK
    )
    with pytest.raises(ProviderUnavailableError, match="cannot be reached"):
        await ask(chat)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_refused_request_is_not_retried(server: ScriptedServer, status: int) -> None:
    server.replies = [Reply(status=status, times=9)]
    with pytest.raises(ProviderError) as caught:
        await ask(provider(server))
    assert type(caught.value) is ProviderError
    assert caught.value.extra["upstream_status"] == status
    assert len(server.calls) == 1


async def test_a_prompt_that_is_too_long_says_so(server: ScriptedServer) -> None:
    body = {"error": {"message": "This model's maximum context length is 8192 tokens"}}
    server.replies = [Reply(status=400, body=body)]
    with pytest.raises(ProviderError) as caught:
        await ask(provider(server))
    assert caught.value.extra["reason"] == "context_length"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(mode="garbage"),
        Reply(mode="nothing"),
        Reply(text=""),
        Reply(text="  \n "),
        Reply(body="<html><body>Bad gateway</body></html>", headers={"Content-Type": "text/html"}),
        Reply(body={"error": {"message": "overloaded", "type": "server_error"}}),
        Reply(body={"choices": []}),
        Reply(body={"choices": "none"}),
        Reply(body={"choices": [None]}),
        Reply(body={"choices": [{"message": {"content": None, "tool_calls": [{"id": "1"}]}}]}),
        Reply(body=[1, 2]),
        Reply(body="[" * 100_000),
        Reply(text="zipped", headers={"Content-Encoding": "gzip"}),
    ],
    ids=lambda r: r.mode if r.mode != "plain" else str(r.body)[:24] + str(r.text)[:8],
)
async def test_an_answer_that_is_none_is_a_typed_error_and_costs_one_call(server: ScriptedServer, reply: Reply) -> None:
    server.replies = [reply]
    with pytest.raises(ProviderError) as caught:
        await ask(provider(server))
    assert caught.value.extra["reason"] == "bad_reply"
    assert len(server.calls) == 1


async def test_odd_but_usable_answers_are_read(server: ScriptedServer) -> None:
    parts = {"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}]}
    lone = '{"choices":[{"message":{"content":"x\\ud800y"}}]}'
    server.replies = [Reply(body=parts), Reply(body=lone, headers={"Content-Type": "text/plain"})]
    assert (await ask(provider(server))).texts == ("ab",)
    (text,) = (await ask(provider(server))).texts
    assert text.encode() == b"x?y"


@pytest.mark.parametrize("status", [200, 500])
async def test_endless_text_ends_at_the_byte_cap(server: ScriptedServer, status: int) -> None:
    server.replies = [Reply(mode="endless", status=status, times=9)]
    with pytest.raises(ProviderError, match="more than 2000000 bytes"):
        await ask(provider(server, bounds=Bounds(max_bytes=2_000_000)), timeout_s=20)


@pytest.mark.parametrize("reply", [Reply(mode="drip", text="slow", drip_s=0.2), Reply(text="late", delay_s=30)])
async def test_the_deadline_ends_slow_answers(server: ScriptedServer, reply: Reply) -> None:
    server.replies = [reply]
    started = time.monotonic()
    with pytest.raises(ProviderTimeoutError):
        await ask(provider(server), timeout_s=0.5)
    assert time.monotonic() - started < 2


async def test_cancelling_ends_the_call_and_frees_the_breaker(server: ScriptedServer) -> None:
    server.replies = [Reply(text="late", delay_s=30), Reply(text="ok")]
    breaker = CircuitBreaker("m", BreakerPolicy(failures=1, cool_down_s=0))
    breaker.failure()
    assert breaker.state == "half_open"
    chat = provider(server, breaker=breaker)
    task = asyncio.create_task(ask(chat))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await ask(chat)).texts == ("ok",), "the cancelled probe kept its slot"


async def test_the_breaker_opens_and_closes_again(server: ScriptedServer) -> None:
    now = [0.0]
    breaker = CircuitBreaker("m", BreakerPolicy(failures=3, cool_down_s=30), clock=lambda: now[0])
    server.replies = [Reply(status=500, times=3), Reply(text="back", times=2)]
    chat = provider(server, breaker=breaker)
    with pytest.raises(ProviderUnavailableError, match="3 times in a row"):
        await ask(chat)
    with pytest.raises(ProviderUnavailableError):
        await ask(chat)
    assert len(server.calls) == 3, "an open breaker still called"
    now[0] = 31
    assert (await ask(chat)).texts == ("back",)
    assert breaker.state == "closed"


async def test_bad_answers_do_not_open_the_breaker(server: ScriptedServer) -> None:
    breaker = CircuitBreaker("m", BreakerPolicy(failures=1))
    server.replies = [Reply(text=""), Reply(status=401), Reply(text="ok")]
    chat = provider(server, breaker=breaker)
    for _ in range(2):
        with pytest.raises(ProviderError):
            await ask(chat)
    assert (await ask(chat)).texts == ("ok",)


async def test_the_key_is_sent_and_shown_nowhere(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    echo = {"error": {"message": f"Incorrect API key provided: {KEY}"}}
    server.replies = [Reply(status=503, body=echo), Reply(status=401, body=echo), Reply(body=f"<p>{KEY}</p>")]
    chat = provider(server, key=KEY)
    shown = [repr(chat), repr(chat.endpoint), str(chat.endpoint), chat.endpoint.model_dump_json()]
    with caplog.at_level(logging.DEBUG):
        for _ in range(2):
            with pytest.raises(ProviderError) as caught:
                await ask(chat)
            shown += [str(caught.value), repr(caught.value), repr(caught.value.extra)]
    assert [c.headers["authorization"] for c in server.calls] == [f"Bearer {KEY}"] * 3
    assert not [text for text in [*shown, caplog.text] if KEY in text]


async def test_organisation_headers_go_to_openai_alone(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.replies = [Reply(text="hi")]
    await ask(provider(server))
    assert "org-private" not in str(server.calls[0].headers)
