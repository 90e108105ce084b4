"""Which provider a name means, which models serve a tier, and what is said when something is missing."""

from __future__ import annotations

import sys

import pytest
from pydantic import SecretStr

from qlp.config import ModelSettings, ProviderSettings, Settings, TierSettings, TiersSettings
from qlp.errors import InputError, NoGeneratorError, ProviderError
from qlp.providers.anthropic.kind import Anthropic
from qlp.providers.azure import AzureOpenAI
from qlp.providers.bedrock.kind import Bedrock
from qlp.providers.breaker import Breakers
from qlp.providers.kinds import kinds
from qlp.providers.openai_compatible import OpenAICompatible
from qlp.providers.protocol import ChatOptions, Message
from qlp.providers.registry import ProviderRegistry
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.unit
NOBODY = "http://127.0.0.1:9/v1"
KEYS = {
    "OPENAI_API_KEY": "sk-openai",
    "ANTHROPIC_API_KEY": "sk-ant",
    "AZURE_OPENAI_API_KEY": "az",
    "AZURE_OPENAI_ENDPOINT": "https://me.openai.azure.com",
    "AWS_REGION": "eu-central-1",
}


def registry(
    environ: dict[str, str] | None = None,
    *,
    models: ModelSettings = ModelSettings(),
    providers: dict[str, ProviderSettings] | None = None,
    tiers: TiersSettings = TiersSettings(),
    **more: object,
) -> ProviderRegistry:
    settings = Settings(models=models, providers=providers or {}, tiers=tiers)
    return ProviderRegistry(settings, environ or {}, breakers=Breakers(), local_url=NOBODY, **more)  # type: ignore[arg-type]


def test_every_shape_comes_through_the_same_door() -> None:
    assert {"openai", "azure", "anthropic", "bedrock", "ollama", "vllm"} <= set(kinds())


@pytest.mark.parametrize(
    ("name", "kind", "url", "model"),
    [
        ("openai:gpt-4o", OpenAICompatible, "https://api.openai.com/v1", "gpt-4o"),
        ("gpt-4o", OpenAICompatible, "https://api.openai.com/v1", "gpt-4o"),
        ("azure:mine", AzureOpenAI, "https://me.openai.azure.com", "mine"),
        ("anthropic:claude-haiku-4-5", Anthropic, "https://api.anthropic.com", "claude-haiku-4-5"),
        ("bedrock:eu.x-v1:0", Bedrock, "https://bedrock-runtime.eu-central-1.amazonaws.com", "eu.x-v1:0"),
        ("ollama:qwen3:8b", OpenAICompatible, "http://localhost:11434/v1", "qwen3:8b"),
    ],
)
async def test_built_in_providers_need_nothing_but_their_environment(
    name: str, kind: type, url: str, model: str
) -> None:
    found = await registry(KEYS).provider(name)
    assert type(found) is kind
    assert (found.endpoint.base_url, found.model) == (url, model)
    assert found.name == (name if ":" in name else f"openai:{name}")


async def test_providers_of_ones_own_go_before_built_in_ones() -> None:
    own = ProviderSettings(kind="anthropic", base_url="http://127.0.0.1:5/", api_key=SecretStr("k"))
    made = registry(KEYS, providers={"openai": own})
    found = await made.provider("openai:claude")
    assert type(found) is Anthropic
    assert found.endpoint.price == "free", "a server on this machine"
    assert await made.provider("openai:claude") is found


async def test_breakers_are_shared_by_endpoint_and_model() -> None:
    same = ProviderSettings(base_url="http://127.0.0.1:5/v1")
    made = registry(providers={"a": same, "b": same})
    one, other = await made.provider("a:m"), await made.provider("b:m")
    assert isinstance(one, OpenAICompatible)
    assert isinstance(other, OpenAICompatible)
    assert one.breaker is other.breaker
    third = await made.provider("a:n")
    assert isinstance(third, OpenAICompatible)
    assert third.breaker is not one.breaker


@pytest.mark.parametrize(
    ("name", "says", "reason"),
    [
        ("openai:gpt-4o", "OPENAI_API_KEY", "auth"),
        ("anthropic:claude", "ANTHROPIC_API_KEY", "auth"),
        ("gate:claude", "QLP_PROVIDERS__GATE__API_KEY", "auth"),
        ("azure:mine", "AZURE_OPENAI_ENDPOINT", None),
        ("bedrock:nova", "AWS_REGION", None),
        ("vllm:Qwen/Qwen3-8B", "QLP_PROVIDERS__VLLM__BASE_URL", None),
        ("odd:model", "installed are", None),
        ("nobody:model", "there is no provider 'nobody'", None),
    ],
)
async def test_what_is_missing_is_named(name: str, says: str, reason: str | None) -> None:
    gate = ProviderSettings(kind="anthropic", base_url="https://gate.example")
    made = registry(providers={"gate": gate, "odd": ProviderSettings(kind="telepathy")})
    with pytest.raises(ProviderError if reason else InputError, match=says) as caught:
        await made.provider(name)
    assert caught.value.extra.get("reason") == reason


async def test_an_id_without_an_endpoint_says_what_to_set() -> None:
    with pytest.raises(NoGeneratorError, match="OPENAI_API_KEY"):
        await registry().provider("gpt-4o")


@pytest.mark.parametrize(("name", "package"), [("anthropic:claude", "anthropic"), ("bedrock:nova", "botocore")])
async def test_a_missing_extra_names_its_command(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ProviderError, match=rf"pip install 'qlp\[{name.partition(':')[0]}\]'") as caught:
        await registry(KEYS).provider(name)
    assert caught.value.extra["reason"] == "unsupported"


async def test_keys_of_the_environment_stay_with_their_service() -> None:
    """A key that is set for the public service goes to no address that a settings file names."""
    away = ProviderSettings(base_url="https://elsewhere.example/v1")
    found = await registry(KEYS, providers={"away": away}).provider("away:m")
    assert found.endpoint.secret is None
    mine = ProviderSettings(kind="azure", base_url="https://other.openai.azure.com")
    assert (await registry(KEYS, providers={"mine": mine}).provider("mine:m")).endpoint.secret == "az"
    trap = ProviderSettings(kind="azure", base_url="https://azure.com.evil.example")
    with pytest.raises(ProviderError):
        await registry(KEYS, providers={"trap": trap}).provider("trap:m")


async def test_a_bad_address_is_refused_without_repeating_it() -> None:
    bad = ProviderSettings(base_url="https://me:hunter2@host/v1")
    with pytest.raises(InputError, match=r"providers\.bad\.base_url") as caught:
        await registry(providers={"bad": bad}).provider("bad:m")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://localhost:11434/v1"),
        ("10.1.2.3:8000", "http://10.1.2.3:8000/v1"),
        ("https://ollama.example", "https://ollama.example:443/v1"),
    ],
)
async def test_ollama_is_where_its_own_variable_says(host: str, url: str) -> None:
    assert (await registry({"OLLAMA_HOST": host}).provider("ollama:m")).endpoint.base_url == url


async def test_hosted_models_come_from_the_cluster(server: ScriptedServer) -> None:
    hosted = await registry(models=ModelSettings(base_url=server.url)).provider("scripted")
    asked: list[str] = []

    def hosts(model: str) -> object:
        asked.append(model)
        return hosted if model == "Qwen/Qwen3-8B" else None

    made = registry(vllm=hosts)
    assert await made.provider("vllm:Qwen/Qwen3-8B") is hosted
    with pytest.raises(InputError, match=r"vllm\.models"):
        await made.provider("vllm:other")
    assert asked == ["Qwen/Qwen3-8B", "other"]
    assert await registry(vllm={"m": hosted}).provider("vllm:m") is hosted
    own = ProviderSettings(kind="vllm", base_url="http://127.0.0.1:5/v1")
    found = await registry(providers={"gpu": own}, vllm=hosts).provider("gpu:m")
    assert found.endpoint.base_url == "http://127.0.0.1:5/v1"


async def test_ids_with_a_colon_are_ids_where_the_endpoint_lists_them(server: ScriptedServer) -> None:
    server.models = ["qwen3:8b", "llama3"]
    made = registry(models=ModelSettings(base_url=server.url))
    assert (await made.provider("qwen3:8b")).model == "qwen3:8b"
    assert (await made.provider("local:qwen3:8b")) is (await made.provider("qwen3:8b"))
    with pytest.raises(InputError, match="there is no provider 'qwen9'"):
        await made.provider("qwen9:1b")


async def test_tiers_take_what_the_tier_below_has(server: ScriptedServer) -> None:
    server.models = ["small", "large"]
    tiers = TiersSettings(
        t1=TierSettings(fallbacks=("anthropic:claude", "large")), t3=TierSettings(model="bedrock:nova")
    )
    made = registry(KEYS, models=ModelSettings(base_url=server.url), tiers=tiers)
    assert await made.chain("t1") == ("local:small", "anthropic:claude", "local:large")
    assert await made.chain("t0") == await made.chain("t2") == await made.chain("t1")
    assert await made.chain("t3") == ("bedrock:nova",)
    plain = registry(models=ModelSettings(base_url=server.url), tiers=TiersSettings(t2=TierSettings(model="large")))
    assert await plain.chain("t1") == ("local:small",)
    assert await plain.chain("t2") == await plain.chain("t3") == ("local:large",)


async def test_a_named_model_asks_no_list(server: ScriptedServer) -> None:
    tiers = TiersSettings(t1=TierSettings(model="anthropic:claude"))
    assert await registry(models=ModelSettings(base_url=NOBODY), tiers=tiers).chain("t2") == ("anthropic:claude",)
    assert await registry(tiers=tiers).chain("t1") == ("anthropic:claude",)


async def test_nothing_configured_is_an_empty_chain_and_looked_for_again(server: ScriptedServer) -> None:
    settings = Settings()
    made = ProviderRegistry(settings, {}, local_url=NOBODY)
    assert await made.chain("t1") == ()
    found = ProviderRegistry(settings, {}, local_url=server.url)
    assert await found.chain("t1") == ("local:scripted",)


async def test_an_endpoint_without_models_says_what_to_do(server: ScriptedServer) -> None:
    server.models = []
    with pytest.raises(ProviderError, match="QLP_TIERS__T1__MODEL"):
        await registry(models=ModelSettings(base_url=server.url)).chain("t1")


async def test_what_the_registry_gives_can_be_called(server: ScriptedServer) -> None:
    server.replies = [Reply(text="hi")]
    made = registry(providers={"mine": ProviderSettings(base_url=server.url, api_key=SecretStr("sk-mine"))})
    chat = await made.provider("mine:scripted")
    answer = await chat.complete((Message(role="user", content="x"),), ChatOptions(), idempotency_key="k")
    assert (answer.model, answer.usage.cost_usd) == ("mine:scripted", 0)
    assert server.calls[0].headers["authorization"] == "Bearer sk-mine"
    await made.aclose()
