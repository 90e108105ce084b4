"""The layers together, from the settings: limits by provider, budget per model, fallback, cache."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from qlp.calls.layers import AnyProvider, CallLayers
from qlp.config import CallSettings, ProviderSettings, Settings
from qlp.errors import ProviderError, ProviderRateLimitError, ProviderUnavailableError
from qlp.models import Usage
from qlp.providers.breaker import BreakerPolicy, Breakers
from qlp.providers.endpoint import Endpoint
from qlp.providers.kinds import ModelProvider
from qlp.providers.protocol import ChatOptions, Completion
from qlp.store.engine import Database
from tests.support.walking_provider import ASK, Hang, Scripted, Step

pytestmark = pytest.mark.unit
SAME = ChatOptions(temperature=0, timeout_s=30)


class Model(Scripted):
    def __init__(self, name: str, *script: Step, price: str = "table") -> None:
        super().__init__(name, *script)
        label, _, self.model = name.partition(":")
        url = f"https://{label}.test/v1"
        self.endpoint = Endpoint.model_validate(
            {"base_url": url, "api_key": SecretStr("key"), "label": label, "source": "settings", "price": price}
        )

    async def aclose(self) -> None:
        pass


@dataclass
class Guard:
    """Notes what would be reserved."""

    asked: list[str] = field(default_factory=list)

    def __call__(self, inner: AnyProvider, model: ModelProvider) -> AnyProvider:
        return Noting(inner, self.asked)


@dataclass
class Noting:
    inner: AnyProvider
    asked: list[str]

    @property
    def name(self) -> str:
        return self.inner.name

    async def complete(self, messages: object, options: ChatOptions, *, idempotency_key: str) -> Completion:
        self.asked.append(f"{self.name} {idempotency_key}")
        return await self.inner.complete(ASK, options, idempotency_key=idempotency_key)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, providers={"acme": ProviderSettings(rpm=1)})


def layers(settings: Settings, database: Database, breakers: Breakers | None = None) -> CallLayers:
    return CallLayers.open(settings, database, breakers or Breakers())


async def ask(provider: AnyProvider, options: ChatOptions = SAME, key: str = "k") -> Completion:
    return await provider.complete(ASK, options, idempotency_key=key)


async def test_the_limit_of_one_provider_sends_the_next_call_to_the_fallback(
    settings: Settings, database: Database
) -> None:
    guard = Guard()
    models = [Model("acme:m", "one"), Model("other:n", "two")]
    tier = layers(settings, database).around_tier(models, tenant="a", guard=guard, cache=False)
    first, second = await ask(tier), await ask(tier, key="l")
    assert (first.model, first.fallbacks) == ("acme:m", ())
    assert (second.model, [f.reason for f in second.fallbacks]) == ("other:n", ["rate_limit"])
    assert guard.asked == ["acme:m k", "acme:m l", "other:n l:link1"]


async def test_a_hit_reserves_nothing(settings: Settings, database: Database) -> None:
    guard = Guard()
    tier = layers(settings, database).around_tier([Model("other:n", "two")], tenant="a", guard=guard)
    await ask(tier)
    assert (await ask(tier, key="l")).cached
    assert guard.asked == ["other:n k"]


async def test_another_chain_or_tenant_has_answers_of_its_own(settings: Settings, database: Database) -> None:
    made, guard = layers(settings, database), Guard()
    await ask(made.around_tier([Model("other:n", "one")], tenant="a", guard=guard))
    longer = made.around_tier([Model("other:n", "two"), Model("more:o", "x")], tenant="a", guard=guard)
    assert (await ask(longer)).texts == ("two",)
    stranger = made.around_tier([Model("other:n", "three")], tenant="b", guard=guard)
    assert (await ask(stranger)).texts == ("three",)


async def test_the_cache_can_be_turned_off(tmp_path: Path, database: Database) -> None:
    off = Settings(home=tmp_path, calls=CallSettings(cache="off"))
    tier = layers(off, database).around_tier([Model("other:n", "one", "two")], tenant="a", guard=Guard())
    await ask(tier)
    assert (await ask(tier)).texts == ("two",)


async def test_an_open_breaker_reserves_no_money(settings: Settings, database: Database) -> None:
    breakers, guard = Breakers(BreakerPolicy(failures=1)), Guard()
    down = ProviderUnavailableError("down", reason="connection")

    class Feeding(Model):
        async def _text(self) -> str:
            breakers.of(self.endpoint.base_url, self.model).failure()
            return await super()._text()

    tier = layers(settings, database, breakers).around_tier([Feeding("other:n", down)], tenant="a", guard=guard)
    for reason in ("connection", "breaker_open"):
        with pytest.raises(ProviderError) as caught:
            await ask(tier)
        assert caught.value.extra["reason"] == reason
    assert guard.asked == ["other:n k"]


@pytest.mark.parametrize("price", ["free", "table"])
async def test_a_cancelled_hedge_costs_nothing_only_where_the_model_is_free(
    settings: Settings, database: Database, price: str
) -> None:
    models = [Model("own:m", Hang(), price=price), Model("other:n", "two")]
    tier = layers(settings, database).around_tier(models, tenant="a", guard=Guard(), hedge_after_s=0.01)
    done = await ask(tier)
    assert done.model == "other:n"
    assert (done.usage.cost_usd is None) == (price == "table")
    assert done.usage.calls == Usage(calls=2).calls


async def test_the_last_error_is_the_limit_when_nobody_can_answer(settings: Settings, database: Database) -> None:
    tier = layers(settings, database).around_tier([Model("acme:m", "one")], tenant="a", guard=Guard(), cache=False)
    await ask(tier)
    with pytest.raises(ProviderRateLimitError) as caught:
        await ask(tier, key="l")
    assert caught.value.extra["retry_after_s"]
