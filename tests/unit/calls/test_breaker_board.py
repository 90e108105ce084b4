"""Open breakers told to other processes: who is refused, who may probe, what closes them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from qlp.calls.breaker_board import BreakerBoard, BreakerShared
from qlp.errors import ProviderError, ProviderUnavailableError
from qlp.providers.breaker import BreakerPolicy, Breakers, CircuitBreaker
from qlp.providers.protocol import ChatOptions, Completion, Message
from qlp.store.engine import Database, sqlite_url
from tests.support.walking_provider import ASK, Hang, Scripted, Step

pytestmark = pytest.mark.unit
URL = "https://acme.test/v1"
DOWN = ProviderUnavailableError("down", reason="connection")


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Guarded(Scripted):
    """Feeds a breaker as the real providers do."""

    def __init__(self, breaker: CircuitBreaker, *script: Step) -> None:
        super().__init__("acme:m", *script)
        self.breaker = breaker

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        self.breaker.admit()
        try:
            done = await super().complete(messages, options, idempotency_key=idempotency_key)
        except ProviderUnavailableError:
            self.breaker.failure()
            raise
        except ProviderError:
            self.breaker.success()
            raise
        self.breaker.success()
        return done


class Process:
    """One process's breaker, board and provider over a common database."""

    def __init__(self, home: Path, clock: Clock, *script: Step) -> None:
        self.database = Database(sqlite_url(home), durable=False)
        self.writes = 0
        self.breaker = CircuitBreaker("m", BreakerPolicy(failures=2, cool_down_s=30), clock=clock)
        self.inner = Guarded(self.breaker, *script)
        self.board = BreakerBoard(self.database, clock=clock, refresh_s=1)
        self.provider = BreakerShared(self.inner, self.breaker, self.board, endpoint=URL)

    async def ask(self) -> str:
        return (await self.provider.complete(ASK, ChatOptions(), idempotency_key="k")).texts[0]


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def opened(tmp_path: Path, clock: Clock) -> Process:
    process = Process(tmp_path, clock, DOWN, DOWN, "back")
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError):
            await process.ask()
    return process


async def test_another_process_does_not_ask_what_one_found_down(tmp_path: Path, clock: Clock) -> None:
    await opened(tmp_path, clock)
    other = Process(tmp_path, clock, "fine")
    with pytest.raises(ProviderUnavailableError) as refused:
        await other.ask()
    assert refused.value.extra["reason"] == "breaker_open"
    assert refused.value.extra["retry_after_s"] == 30
    assert other.inner.calls == []


async def test_one_call_of_all_processes_probes(tmp_path: Path, clock: Clock) -> None:
    await opened(tmp_path, clock)
    hang = Hang()
    probing, other = Process(tmp_path, clock, hang), Process(tmp_path, clock, "fine")
    clock.now += 31
    probe = asyncio.create_task(probing.ask())
    await hang.reached.wait()
    with pytest.raises(ProviderUnavailableError):
        await other.ask()
    hang.release.set()
    await probe
    clock.now += 2
    assert await other.ask() == "fine", "the probe's success closed it for all"
    assert await other.board.open_breakers() == ()


async def test_a_probe_that_fails_keeps_it_open(tmp_path: Path, clock: Clock) -> None:
    await opened(tmp_path, clock)
    other = Process(tmp_path, clock, DOWN, "fine")
    clock.now += 31
    with pytest.raises(ProviderUnavailableError, match="down"):
        await other.ask()
    with pytest.raises(ProviderUnavailableError, match="next try in 30 s"):
        await other.ask()
    clock.now += 31
    assert await other.ask() == "fine"


async def test_a_refusal_proves_that_the_endpoint_is_alive(tmp_path: Path, clock: Clock) -> None:
    await opened(tmp_path, clock)
    other = Process(tmp_path, clock, ProviderError("no", reason="auth", upstream_status=401), "fine")
    clock.now += 31
    with pytest.raises(ProviderError, match="no"):
        await other.ask()
    assert await other.ask() == "fine"


async def test_a_healthy_model_costs_no_write(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(tmp_path, clock, "fine")
    reads = 0
    read_now = Database.read_now

    def count(self: Database, fn: object) -> object:
        nonlocal reads
        reads += 1
        return read_now(self, fn)  # type: ignore[arg-type]

    monkeypatch.setattr(Database, "read_now", count)
    monkeypatch.delattr(Database, "write_now")
    for _ in range(20):
        assert await process.ask() == "fine"
    assert reads == 1


async def test_status_pages_see_what_any_process_found(tmp_path: Path, clock: Clock) -> None:
    await opened(tmp_path, clock)
    (seen,) = await Process(tmp_path, clock, "fine").board.open_breakers()
    assert (seen.endpoint, seen.model, seen.failures, seen.until - clock.now) == (URL, "m", 2, 30)


async def test_a_stream_is_refused_too_and_its_end_closes(tmp_path: Path, clock: Clock) -> None:
    await opened(tmp_path, clock)
    other = Process(tmp_path, clock, "a b")
    with pytest.raises(ProviderUnavailableError):
        [d async for d in other.provider.stream(ASK, ChatOptions(), idempotency_key="k")]
    clock.now += 31
    assert len([d async for d in other.provider.stream(ASK, ChatOptions(), idempotency_key="k")]) == 3
    assert await other.board.open_breakers() == ()


def test_a_process_reports_its_breakers() -> None:
    clock = Clock()
    breakers = Breakers(BreakerPolicy(failures=1, cool_down_s=30), clock=clock)
    breakers.of(URL, "down").failure()
    breakers.of(URL, "fine").success()
    clock.now += 10
    down, fine = breakers.report()
    assert (down.model, down.state, down.failures, down.open_for_s) == ("down", "open", 1, 20)
    assert (fine.model, fine.state, fine.open_for_s) == ("fine", "closed", 0)


async def test_a_board_that_cannot_be_read_stops_no_call(tmp_path: Path, clock: Clock) -> None:
    process = Process(tmp_path, clock, "fine")
    process.database.write_now(lambda c: c.exec_driver_sql("DROP TABLE breakers"))
    assert await process.ask() == "fine"
