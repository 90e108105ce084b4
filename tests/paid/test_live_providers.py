"""The providers themselves, with keys of the environment: `pytest -m paid`. A call costs a fraction of a cent."""

from __future__ import annotations

import json
import os

import pytest

from qlp.config import ProviderSettings, Settings
from qlp.errors import InputError, ProviderError
from qlp.providers.kinds import ModelProvider
from qlp.providers.protocol import ChatOptions, Message, OutputSchema, Tool
from qlp.providers.registry import ProviderRegistry

pytestmark = pytest.mark.paid
MODELS = {
    "openai": "gpt-4o-mini",
    "azure": "gpt-4o-mini",
    "anthropic": "claude-haiku-4-5",
    "bedrock": "us.amazon.nova-lite-v1:0",
}
SHORT = ChatOptions(max_tokens=200, timeout_s=60)
SCHEMA = {
    "type": "object",
    "properties": {"sum": {"type": "integer"}},
    "required": ["sum"],
    "additionalProperties": False,
}


@pytest.fixture(params=sorted(MODELS))
async def live(request: pytest.FixtureRequest) -> ModelProvider:
    """QLP_LIVE_<PROVIDER> names another model or deployment."""
    name = request.param
    if name == "bedrock" and not (os.environ.get("AWS_ACCESS_KEY_ID") or os.environ.get("AWS_BEARER_TOKEN_BEDROCK")):
        pytest.skip("no AWS credentials in the environment")
    model = os.environ.get(f"QLP_LIVE_{name.upper()}", MODELS[name])
    settings = Settings(providers={f"live_{name}": ProviderSettings(kind=name)})
    try:
        return await ProviderRegistry(settings).provider(f"live_{name}:{model}")
    except (InputError, ProviderError) as error:
        pytest.skip(error.detail)


def asks(text: str) -> tuple[Message, ...]:
    return (Message(role="user", content=text),)


async def test_it_answers_streams_and_counts(live: ModelProvider) -> None:
    answer = await live.complete(asks("Say the word ready."), SHORT, idempotency_key="live")
    assert "ready" in answer.texts[0].lower()
    assert answer.usage.input_tokens > 0
    deltas = [d async for d in live.stream(asks("Count from 1 to 20."), SHORT, idempotency_key="live-stream")]
    whole = deltas[-1].completion
    assert whole is not None
    assert "".join(d.text for d in deltas) == whole.texts[0]
    assert whole.usage.output_tokens > 0


async def test_it_keeps_a_schema_and_calls_a_tool(live: ModelProvider) -> None:
    output = OutputSchema.model_validate({"name": "result", "schema": SCHEMA})
    answer = await live.complete(
        asks("What is 2 + 3?"), SHORT.model_copy(update={"output": output}), idempotency_key="live-json"
    )
    assert json.loads(answer.texts[0]) == {"sum": 5}
    tool = Tool(name="add", description="Adds.", parameters={**SCHEMA, "properties": {"sum": {"type": "integer"}}})
    called = await live.complete(
        asks("Call add with sum 7."),
        SHORT.model_copy(update={"tools": (tool,), "tool_choice": "add"}),
        idempotency_key="live-tool",
    )
    assert json.loads(called.tool_calls[0][0].arguments) == {"sum": 7}


async def test_a_wrong_key_is_an_auth_error(live: ModelProvider) -> None:
    name = live.endpoint.label.removeprefix("live_")
    if name == "bedrock":
        pytest.skip("AWS answers a wrong bearer token like one without rights, region by region")
    settings = ProviderSettings.model_validate({"kind": name, "base_url": live.endpoint.base_url, "api_key": "sk-no"})
    wrong = await ProviderRegistry(Settings(providers={"wrong": settings})).provider(f"wrong:{live.model}")
    with pytest.raises(ProviderError) as caught:
        await wrong.complete(asks("hi"), SHORT, idempotency_key="live-auth")
    assert caught.value.extra["reason"] == "auth"
