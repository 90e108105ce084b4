from __future__ import annotations

import time

import pytest
from pydantic import SecretStr

from qlp.config import ModelSettings
from qlp.errors import InputError, ProviderUnavailableError
from qlp.providers.discovery import choose_model, discover, list_models
from qlp.providers.endpoint import Endpoint, is_loopback
from tests.support.scripted_server import ScriptedServer

pytestmark = pytest.mark.unit
NOBODY = "http://127.0.0.1:9/v1"


async def test_nothing_configured_and_nothing_listening() -> None:
    assert await discover(ModelSettings(), {}, local_url=NOBODY) is None


async def test_order_settings_environment_key_local(server: ScriptedServer) -> None:
    env = {"OPENAI_BASE_URL": "https://gateway.example/v1", "OPENAI_API_KEY": "sk-env"}
    named = await discover(ModelSettings(base_url="https://api.groq.com/openai/v1/"), env, local_url=server.url)
    assert named is not None
    assert (named.base_url, named.label, named.source, named.secret) == (
        "https://api.groq.com/openai/v1",
        "groq",
        "settings",
        "sk-env",
    )
    gateway = await discover(ModelSettings(api_key=SecretStr("sk-set")), env, local_url=server.url)
    assert gateway is not None
    assert (gateway.label, gateway.source, gateway.secret) == ("gateway.example", "environment", "sk-set")
    openai = await discover(ModelSettings(), {"OPENAI_API_KEY": "sk-env"}, local_url=server.url)
    assert openai is not None
    assert (openai.base_url, openai.label, openai.price) == ("https://api.openai.com/v1", "openai", "table")
    local = await discover(ModelSettings(), {}, local_url=server.url)
    assert local is not None
    assert (local.base_url, local.source, local.price, local.api_key) == (server.url, "local", "free", None)


async def test_loopback_is_free_unless_the_settings_say_otherwise(server: ScriptedServer) -> None:
    for settings, price in [
        (ModelSettings(base_url=server.url), "free"),
        (ModelSettings(base_url=server.url, price="table"), "table"),
        (ModelSettings(base_url=server.url, price="unknown"), "unknown"),
        (ModelSettings(base_url="https://llm.example/v1"), "table"),
    ]:
        endpoint = await discover(settings, {})
        assert endpoint is not None
        assert endpoint.price == price


@pytest.mark.parametrize(
    "url",
    ["localhost:11434", "ftp://host/v1", "https://me:hunter2@host/v1", "https://host/v1?key=hunter2", "http://"],
)
async def test_a_bad_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InputError) as caught:
        await discover(ModelSettings(base_url=url), {})
    assert "hunter2" not in str(caught.value)


async def test_the_probe_does_not_wait_for_a_silent_server() -> None:
    started = time.monotonic()
    assert await discover(ModelSettings(), {}, local_url="http://10.255.255.1:11434/v1") is None
    assert time.monotonic() - started < 1


async def test_models_are_listed(server: ScriptedServer) -> None:
    server.models = ["b", "a"]
    endpoint = Endpoint(base_url=server.url, label="local", source="settings")
    assert await list_models(endpoint) == ("b", "a")
    with pytest.raises(ProviderUnavailableError):
        await list_models(endpoint.model_copy(update={"base_url": NOBODY}))


def test_default_model_is_a_chat_model() -> None:
    assert choose_model(("text-embedding-3-small", "whisper-1", "dall-e-3", "gpt-4o-mini")) == "gpt-4o-mini"
    assert choose_model(("nomic-embed-text", "qwen2.5-coder:7b", "llama3")) == "qwen2.5-coder:7b"
    assert choose_model(()) is None


@pytest.mark.parametrize(
    ("url", "yes"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.8.8.8/v1", True),
        ("http://[::1]:8/v1", True),
        ("http://localhost.example.com", False),
        ("http://192.168.1.1", False),
    ],
)
def test_loopback(url: str, yes: bool) -> None:
    assert is_loopback(url) is yes
