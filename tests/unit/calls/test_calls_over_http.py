"""The layers around real providers over real HTTP: retries are counted, 429s shared, an outage goes to the next model."""

from __future__ import annotations

import random

import pytest

from qlp.calls.fallbacks import FallbackChain
from qlp.calls.limiter import RateLimiter, bucket_of
from qlp.calls.rate_limit import RateLimited
from qlp.providers.endpoint import Endpoint
from qlp.providers.openai_compatible import OpenAICompatible
from qlp.providers.protocol import ChatOptions, Completion, Delta
from qlp.providers.retry import RetryPolicy
from qlp.store.engine import Database
from tests.support.scripted_server import Reply, ScriptedServer
from tests.support.walking_provider import ASK

pytestmark = pytest.mark.unit


def model(server: ScriptedServer, attempts: int) -> OpenAICompatible:
    endpoint = Endpoint(base_url=server.url, label="local", source="settings", price="free")
    retry = RetryPolicy(attempts=attempts, base_s=0.01)
    return OpenAICompatible(endpoint, "scripted", retry=retry, rng=random.Random(1))


async def last(provider: FallbackChain | RateLimited, *, streamed: bool) -> Completion:
    options = ChatOptions(max_tokens=50)
    if not streamed:
        return await provider.complete(ASK, options, idempotency_key="k")
    deltas: list[Delta] = [d async for d in provider.stream(ASK, options, idempotency_key="k")]
    assert deltas[-1].completion is not None
    return deltas[-1].completion


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_retried_429_counts_and_pauses_the_key(database: Database, streamed: bool) -> None:
    limiter = RateLimiter(database)
    bucket = bucket_of("local:scripted", "here", None, rpm=10)
    with ScriptedServer([Reply(status=429, headers={"retry-after-ms": "400"}), Reply(text="at last")]) as server:
        inner = model(server, attempts=3)
        done = await last(RateLimited(inner, bucket, limiter), streamed=streamed)
        await inner.aclose()
        first, second = server.calls
    assert done.texts == ("at last",)
    assert second.at - first.at >= 0.4
    assert (await limiter.used(bucket)).requests == 2


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(status=503), "outage"),
        (Reply(status=429), "rate_limit"),
        (Reply(status=400, body={"error": {"message": "x", "code": "context_length_exceeded"}}), "context_length"),
    ],
    ids=["503", "429", "context"],
)
async def test_the_next_model_answers(reply: Reply, reason: str, streamed: bool) -> None:
    with ScriptedServer([reply]) as one, ScriptedServer([Reply(text="yes")]) as two:
        links = [model(one, attempts=1), model(two, attempts=1)]
        done = await last(FallbackChain(links), streamed=streamed)
        for link in links:
            await link.aclose()
        assert [c.key for c in two.calls] == ["k:link1"]
    assert done.texts == ("yes",)
    assert [f.reason for f in done.fallbacks] == [reason]
