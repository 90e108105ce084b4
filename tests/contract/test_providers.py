"""What every Provider keeps, whatever serves it: a scripted server and a small real model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal

import pytest

from qlp.config import ModelSettings
from qlp.errors import ProviderError, ProviderTimeoutError, ProviderUnavailableError
from qlp.providers.discovery import discover, list_models
from qlp.providers.openai_compatible import OpenAICompatible
from qlp.providers.protocol import ChatOptions, Message, Provider
from qlp.providers.retry import RetryPolicy
from tests.support import testmodel
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.contract
ASK = (Message(role="user", content="# task: take a number: add 3, then square it"),)
QUICK = RetryPolicy(attempts=2, base_s=0.01, cap_s=0.02)


@pytest.fixture(scope="module", params=["scripted", pytest.param("testmodel", marks=pytest.mark.model)])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "scripted":
        replies = [Reply(match="# task", texts=[f"def f(x):\n    return x + {i}\n" for i in range(8)])]
        with ScriptedServer(replies) as server:
            yield server.url
        return
    try:
        with testmodel.serve() as served:
            yield served
    except testmodel.NoTestModelError as error:
        pytest.skip(str(error))


async def connect(url: str, model: str | None = None) -> OpenAICompatible:
    endpoint = await discover(ModelSettings(base_url=url), {})
    assert endpoint is not None
    return OpenAICompatible(endpoint, model or (await list_models(endpoint))[0], retry=QUICK)


def options(**values: object) -> ChatOptions:
    return ChatOptions.model_validate({"max_tokens": 120, "timeout_s": 30, **values})


async def test_an_answer_is_complete(url: str) -> None:
    provider: Provider = await connect(url)
    answer = await provider.complete(ASK, options(), idempotency_key="k1")
    assert provider.name.startswith("local:")
    assert answer.model == provider.name
    assert len(answer.texts) == len(answer.cut) == 1
    assert answer.texts[0].strip()
    assert answer.usage.calls == 1
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0
    assert answer.usage.cost_usd == Decimal(0)


@pytest.mark.parametrize("n", [1, 3, 8])
async def test_n_samples_come_back(url: str, n: int) -> None:
    answer = await (await connect(url)).complete(ASK, options(n=n, temperature=1.0), idempotency_key=f"n{n}")
    assert len(answer.texts) == len(answer.cut) == n
    assert all(text.strip() for text in answer.texts)


async def test_calls_may_overlap(url: str) -> None:
    provider = await connect(url)
    answers = await asyncio.gather(*(provider.complete(ASK, options(), idempotency_key=f"c{i}") for i in range(6)))
    assert all(len(a.texts) == 1 for a in answers)


async def test_the_deadline_holds_and_the_provider_lives_on(url: str) -> None:
    provider = await connect(url)
    with pytest.raises(ProviderTimeoutError):
        await provider.complete(ASK, options(timeout_s=0.0001), idempotency_key="d")
    assert (await provider.complete(ASK, options(), idempotency_key="e")).texts


async def test_cancellation_ends_a_call(url: str) -> None:
    provider = await connect(url)
    task = asyncio.create_task(provider.complete(ASK, options(), idempotency_key="x"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await provider.complete(ASK, options(), idempotency_key="y")).texts


async def test_a_bad_request_is_a_typed_error(url: str) -> None:
    provider = await connect(url)
    with pytest.raises(ProviderError) as caught:
        await provider.complete(
            (Message(role="user", content="not in any script" * 2000),), options(), idempotency_key="z"
        )
    assert caught.value.extra["reason"] in ("refused", "context_length")


async def test_an_endpoint_that_is_gone_is_unavailable(url: str) -> None:
    provider = await connect(url)
    gone = provider.endpoint.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    with pytest.raises(ProviderUnavailableError):
        await OpenAICompatible(gone, provider.model, retry=QUICK).complete(ASK, options(), idempotency_key="g")
