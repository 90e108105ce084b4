"""Answers given again: which calls are equal, what a hit costs, what is never kept, one asker at a time."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from decimal import Decimal
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import pytest

from qlp.calls.cached import CachedResponses
from qlp.calls.response_store import ResponseStore, open_response_cache
from qlp.config import CallSettings, Settings
from qlp.errors import BudgetExceededError, ProviderTimeoutError
from qlp.models import Usage
from qlp.providers.protocol import ChatOptions, Completion, Fallback, Message, OutputSchema, Tool
from tests.support.call_processes import cached_callers
from tests.support.walking_provider import ASK, Hang, Scripted

pytestmark = pytest.mark.unit
SAME = ChatOptions(temperature=0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ResponseStore]:
    made = ResponseStore(tmp_path / "responses.db", max_bytes=1_000_000)
    yield made
    made.close()


def cached(inner: Scripted, store: ResponseStore, **more: Any) -> CachedResponses:
    return CachedResponses(inner, store, **{"tenant": "a", "address": "https://acme.test/v1", **more})


async def ask(provider: CachedResponses, options: ChatOptions = SAME, key: str = "k") -> Completion:
    return await provider.complete(ASK, options, idempotency_key=key)


async def test_a_hit_says_so_and_costs_nothing(store: ResponseStore) -> None:
    inner = Scripted("acme:m", "one", "two")
    first = await ask(cached(inner, store))
    again = await ask(cached(inner, store), key="another run")
    assert (first.cached, first.usage.cost_usd) == (False, Decimal("0.01"))
    assert (again.texts, again.cached, again.usage) == (("one",), True, Usage())
    assert len(inner.calls) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "b"},
        {"address": "https://other.test/v1"},
        {"inner": "acme:n"},
        {"messages": (Message(role="user", content="hello "),)},
        {"messages": (Message(role="system", content="hello"),)},
        {"options": SAME.model_copy(update={"max_tokens": 5})},
        {"options": SAME.model_copy(update={"seed": 1})},
        {"options": SAME.model_copy(update={"n": 2})},
        {"options": SAME.model_copy(update={"extra_body": {"top_k": 1}})},
        {"options": SAME.model_copy(update={"tools": (Tool(name="t"),)})},
        {"options": SAME.model_copy(update={"output": OutputSchema(schema={"type": "null"})})},
    ],
    ids=["tenant", "address", "model", "text", "role", "length", "seed", "n", "extra", "tools", "schema"],
)
async def test_another_question_is_asked(store: ResponseStore, change: dict[str, Any]) -> None:
    await ask(cached(Scripted("acme:m", "one"), store))
    inner = Scripted(change.pop("inner", "acme:m"), "two")
    messages, options = change.pop("messages", ASK), change.pop("options", SAME)
    done = await cached(inner, store, **change).complete(messages, options, idempotency_key="k")
    assert not done.cached
    assert done.texts[0] == "two"


async def test_the_deadline_is_no_part_of_the_question(store: ResponseStore) -> None:
    await ask(cached(Scripted("acme:m", "one"), store))
    assert (await ask(cached(Scripted("acme:m", "two"), store), SAME.model_copy(update={"timeout_s": 5}))).cached


async def test_a_sampled_call_is_equal_only_to_itself(store: ResponseStore) -> None:
    provider = cached(Scripted("acme:m", "one", "two"), store)
    sampled = ChatOptions(temperature=0.8, n=3)
    first = await ask(provider, sampled, "run:task:0")
    retry = await ask(provider, sampled, "run:task:1")
    replayed = await ask(provider, sampled, "run:task:0")
    assert (first.texts[0], retry.texts[0], replayed.texts[0]) == ("one", "two", "one")
    assert (retry.cached, replayed.cached) == (False, True)


async def test_deterministic_mode_leaves_sampled_calls_alone(store: ResponseStore) -> None:
    provider = cached(Scripted("acme:m", "one", "two"), store, mode="deterministic")
    assert not (await ask(provider, ChatOptions())).cached
    assert not (await ask(provider, ChatOptions())).cached
    assert not (await ask(provider, ChatOptions(seed=1))).cached
    assert (await ask(provider, ChatOptions(seed=1))).cached


async def test_what_failed_is_asked_again(store: ResponseStore) -> None:
    provider = cached(Scripted("acme:m", ProviderTimeoutError("late"), "one"), store)
    with pytest.raises(ProviderTimeoutError):
        await ask(provider)
    assert not (await ask(provider)).cached


async def test_an_answer_with_too_few_samples_is_not_kept(store: ResponseStore) -> None:
    class Short(Scripted):
        async def complete(self, messages: Any, options: ChatOptions, *, idempotency_key: str) -> Completion:
            done = await super().complete(messages, options, idempotency_key=idempotency_key)
            return done.model_copy(update={"texts": done.texts[:1], "cut": done.cut[:1]})

    provider = cached(Short("acme:m", "one"), store)
    two = SAME.model_copy(update={"n": 2})
    await ask(provider, two)
    assert not (await ask(provider, two)).cached


async def test_a_stand_ins_answer_is_kept_for_the_same_call_only(store: ResponseStore) -> None:
    class StoodIn(Scripted):
        async def complete(self, messages: Any, options: ChatOptions, *, idempotency_key: str) -> Completion:
            done = await super().complete(messages, options, idempotency_key=idempotency_key)
            return done.model_copy(update={"fallbacks": (Fallback(model="acme:l", reason="outage"),)})

    provider = cached(StoodIn("acme:m", "one"), store)
    await ask(provider)
    assert not (await ask(provider)).cached
    await ask(provider, ChatOptions())
    assert (await ask(provider, ChatOptions())).fallbacks[0].model == "acme:l"


async def test_equal_calls_at_the_same_time_are_asked_once(store: ResponseStore) -> None:
    hang = Hang()
    inner = Scripted("acme:m", hang)
    provider = cached(inner, store)
    calls = [asyncio.create_task(ask(provider, key=str(i))) for i in range(5)]
    await hang.reached.wait()
    hang.release.set()
    done = await asyncio.gather(*calls)
    assert len(inner.calls) == 1
    assert sum(d.usage.calls for d in done) == 1, "one of them paid"
    assert sorted(d.cached for d in done) == [False, True, True, True, True]


async def test_the_first_callers_failure_is_its_own(store: ResponseStore) -> None:
    class Poor(Scripted):
        async def _text(self) -> str:
            if len(self.calls) == 1:
                await hang.release.wait()
                raise BudgetExceededError("the first caller's cap")
            return "one"

    hang = Hang()
    inner = Poor("acme:m")
    provider = cached(inner, store)
    calls = [asyncio.create_task(ask(provider, key=str(i))) for i in range(3)]
    await inner.called.wait()
    hang.release.set()
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(done[0], BudgetExceededError)
    assert [d.texts for d in done[1:] if isinstance(d, Completion)] == [("one",), ("one",)]


async def test_a_cancelled_caller_does_not_take_the_others_answer_along(store: ResponseStore) -> None:
    hang = Hang()
    provider = cached(Scripted("acme:m", hang), store)
    first, second = asyncio.create_task(ask(provider)), asyncio.create_task(ask(provider, key="l"))
    await hang.reached.wait()
    first.cancel()
    await asyncio.wait([first])
    hang.release.set()
    assert (await second).cached


async def test_who_waits_for_anothers_answer_has_a_deadline(store: ResponseStore) -> None:
    hang = Hang()
    provider = cached(Scripted("acme:m", hang), store)
    first = asyncio.create_task(ask(provider))
    await hang.reached.wait()
    with pytest.raises(ProviderTimeoutError):
        await ask(provider, SAME.model_copy(update={"timeout_s": 0.05}))
    first.cancel()
    await asyncio.wait([first])


async def test_old_answers_are_forgotten(tmp_path: Path) -> None:
    now = 1000.0
    store = ResponseStore(tmp_path / "r.db", max_bytes=1_000_000, max_age_s=60, clock=lambda: now)
    provider = cached(Scripted("acme:m", "one", "two"), store)
    await ask(provider)
    now += 59
    assert (await ask(provider)).cached
    now += 2
    assert not (await ask(provider)).cached
    store.close()


async def test_the_cache_is_bounded_and_the_unused_go_first(tmp_path: Path) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1
        return now

    store = ResponseStore(tmp_path / "r.db", max_bytes=4000, clock=clock)
    provider = cached(Scripted("acme:m", "one"), store)
    options = [SAME.model_copy(update={"seed": i}) for i in range(40)]
    for each in options:
        await ask(provider, each)
        await ask(provider, options[0])
    assert (await ask(provider, options[0])).cached
    assert (await ask(provider, options[-1])).cached
    assert not (await ask(provider, options[1])).cached
    store.close()


async def test_a_stream_is_answered_from_the_cache_too(store: ResponseStore) -> None:
    inner = Scripted("acme:m", "x y")
    provider = cached(inner, store)
    told = [d async for d in provider.stream(ASK, SAME, idempotency_key="k")]
    again = [d async for d in provider.stream(ASK, SAME, idempotency_key="l")]
    assert [d.text for d in told] == ["x", "y", ""]
    assert [d.text for d in again] == ["x y", ""]
    assert again[-1].completion is not None
    assert again[-1].completion.cached
    assert (await ask(provider)).texts == ("x y",)
    assert len(inner.calls) == 1


async def test_a_stream_that_is_left_is_not_kept(store: ResponseStore) -> None:
    inner = Scripted("acme:m", "x y")
    pieces = cached(inner, store).stream(ASK, SAME, idempotency_key="k")
    await anext(pieces)
    await pieces.aclose()
    assert inner.closed == 1
    assert not (await ask(cached(inner, store))).cached


async def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = ResponseStore(tmp_path / "file" / "r.db", max_bytes=1000)
    assert (await ask(cached(Scripted("acme:m", "one"), store))).texts == ("one",)


def test_settings_turn_it_off(tmp_path: Path) -> None:
    assert open_response_cache(Settings(home=tmp_path, calls=CallSettings(cache="off"))) is None
    assert open_response_cache(Settings(home=tmp_path, calls=CallSettings(cache_mb=0))) is None
    assert open_response_cache(Settings(home=tmp_path)) is not None
    assert not (tmp_path / "cache").exists()


def test_two_processes_ask_each_question_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    out: Queue[tuple[int, list[str]]] = context.Queue()
    processes = [context.Process(target=cached_callers, args=(tmp_path, start, out)) for _ in range(2)]
    for process in processes:
        process.start()
    answers = [out.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(30)
    assert sum(calls for calls, _ in answers) == 10
    assert all(texts == ["one"] * 10 for _, texts in answers)
    assert list((tmp_path / "responses-asked").iterdir()) == []
