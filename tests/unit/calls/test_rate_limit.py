"""A provider that keeps to its limit: waiting, refusing, settling, and what a 429 does to everybody."""

from __future__ import annotations

import asyncio

import pytest

from qlp.calls.limiter import Bucket, RateLimiter, bucket_of
from qlp.calls.rate_limit import RateLimited, estimate
from qlp.calls.windows import Need, Windows
from qlp.errors import ProviderError, ProviderRateLimitError, ProviderTimeoutError, StorageError
from qlp.models import Usage
from qlp.providers.protocol import ChatOptions, Message
from qlp.providers.request_meter import METER
from qlp.store.engine import Database
from tests.support.walking_provider import ASK, Hang, Scripted

pytestmark = pytest.mark.unit


class Time:
    """One clock for the windows and the limiter; sleeping turns it."""

    now = 1_000_000.0
    slept = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def limiter(database: Database, clock: Time) -> RateLimiter:
    return RateLimiter(database, windows=Windows(database, clock=clock), clock=clock, sleep=clock.sleep, poll_s=20)


def bucket(rpm: int | None = None, tpm: int | None = None) -> Bucket:
    return bucket_of("acme:m", "https://acme.test/v1", "secret", rpm=rpm, tpm=tpm)


async def call(provider: RateLimited, key: str = "k", **options: object) -> str:
    done = await provider.complete(ASK, ChatOptions.model_validate({"max_tokens": 50, **options}), idempotency_key=key)
    return done.texts[0]


async def test_the_second_caller_waits_for_the_next_minute(limiter: RateLimiter, clock: Time) -> None:
    limited = RateLimited(Scripted("m", "a", "b"), bucket(rpm=1), limiter, clock=clock)
    assert await call(limited) == "a"
    assert clock.slept == 0
    assert await call(limited) == "b"
    assert 60 <= clock.slept <= 61.5


async def test_who_cannot_wait_is_told_when_to_come_back(limiter: RateLimiter, clock: Time) -> None:
    inner = Scripted("m", "a")
    limited = RateLimited(inner, bucket(rpm=1), limiter, clock=clock)
    await call(limited)
    with pytest.raises(ProviderRateLimitError) as caught:
        await call(limited, timeout_s=30)
    assert 59 <= float(str(caught.value.extra["retry_after_s"])) <= 61
    assert len(inner.calls) == 1
    clock.now += 61
    assert await call(limited, timeout_s=30) == "a", "the caller that gave up left the line"


async def test_waiting_is_taken_off_the_deadline(limiter: RateLimiter, clock: Time) -> None:
    inner = Scripted("m", "a")
    limited = RateLimited(inner, bucket(rpm=1), limiter, clock=clock)
    await call(limited)
    await call(limited, timeout_s=120)
    assert 58 <= inner.calls[-1][1].timeout_s <= 60


async def test_a_full_queue_refuses(database: Database, clock: Time) -> None:
    limiter = RateLimiter(
        database, queue=1, windows=Windows(database, clock=clock), clock=clock, sleep=clock.sleep, poll_s=20
    )
    hang = Hang()
    entered = asyncio.Event()

    async def never(seconds: float) -> None:
        entered.set()
        await hang.release.wait()

    limiter._sleep = never
    limited = RateLimited(Scripted("m", "a"), bucket(rpm=1), limiter, clock=clock)
    await call(limited)
    waiting = asyncio.create_task(call(limited))
    await entered.wait()
    with pytest.raises(ProviderRateLimitError, match="wait already"):
        await call(limited)
    waiting.cancel()
    await asyncio.wait([waiting])
    clock.now += 61
    assert await call(limited) == "a", "the cancelled caller left the line"


async def test_tokens_are_settled_to_what_was_used(limiter: RateLimiter, clock: Time) -> None:
    limited = RateLimited(Scripted("m", "a"), bucket(tpm=1000), limiter, clock=clock)
    await call(limited, max_tokens=900)
    assert await limiter.used(bucket()) == Need(1, 10)
    await call(limited, max_tokens=900)
    assert clock.slept == 0


async def test_an_estimate_above_the_limit_is_let_through_alone(limiter: RateLimiter, clock: Time) -> None:
    limited = RateLimited(Scripted("m", "a"), bucket(tpm=1000), limiter, clock=clock)
    assert await call(limited, max_tokens=100_000) == "a"


async def test_more_samples_than_requests_a_minute_is_refused_with_advice(limiter: RateLimiter, clock: Time) -> None:
    limited = RateLimited(Scripted("m", "a"), bucket(rpm=4), limiter, clock=clock)
    with pytest.raises(ProviderRateLimitError, match="rpm"):
        await call(limited, n=5)


async def test_n_samples_count_as_n_requests_until_one_is_seen_to_do(limiter: RateLimiter, clock: Time) -> None:
    limited = RateLimited(Scripted("m", "a"), bucket(rpm=100), limiter, clock=clock)
    await call(limited, n=8)
    assert (await limiter.used(bucket())).requests == 1
    eight = Scripted("m", "a", usage=Usage(calls=8, input_tokens=1, output_tokens=1))
    await call(RateLimited(eight, bucket(rpm=100), limiter, clock=clock), n=8)
    assert (await limiter.used(bucket())).requests == 9


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (ProviderError("no", reason="auth"), Need(1, 0)),
        (ProviderError("no", reason="breaker_open"), Need(0, 0)),
        (
            ProviderError("no", reason="bad_reply", usage=Usage(calls=1, input_tokens=4).model_dump(mode="json")),
            Need(1, 4),
        ),
        (ProviderTimeoutError("late"), None),
    ],
    ids=["auth", "breaker", "paid", "unknown"],
)
async def test_what_a_failed_call_keeps(
    limiter: RateLimiter, clock: Time, error: ProviderError, kept: Need | None
) -> None:
    limited = RateLimited(Scripted("m", error), bucket(tpm=1000), limiter, clock=clock)
    with pytest.raises(ProviderError):
        await call(limited)
    reserved = Need(1, estimate(ASK, ChatOptions(max_tokens=50)))
    assert await limiter.used(bucket()) == (kept or reserved)


@pytest.mark.parametrize("rpm", [None, 100])
async def test_a_429_stops_all_callers_of_the_key(limiter: RateLimiter, clock: Time, rpm: int | None) -> None:
    refused = ProviderRateLimitError("429", retry_after_s=20)
    one = RateLimited(Scripted("m", refused), bucket(rpm=rpm), limiter, clock=clock)
    other = RateLimited(Scripted("m", "a"), bucket(rpm=rpm), limiter, clock=clock)
    with pytest.raises(ProviderRateLimitError):
        await call(one)
    with pytest.raises(ProviderRateLimitError) as caught:
        await call(other, timeout_s=10)
    assert 19 <= float(str(caught.value.extra["retry_after_s"])) <= 20
    assert await call(other) == "a"
    assert clock.slept == pytest.approx(20, abs=1)


async def test_our_own_refusal_blocks_nobody(limiter: RateLimiter, clock: Time) -> None:
    limited = RateLimited(Scripted("m", "a"), bucket(rpm=1), limiter, clock=clock)
    await call(limited)
    with pytest.raises(ProviderRateLimitError):
        await call(limited, timeout_s=1)
    assert await limiter.blocked_for(bucket()) == 0


async def test_another_key_has_its_own_limit(limiter: RateLimiter, clock: Time) -> None:
    mine = RateLimited(Scripted("m", "a"), bucket(rpm=1), limiter, clock=clock)
    other = bucket_of("acme:m", "https://acme.test/v1", "another", rpm=1)
    await call(mine)
    await call(RateLimited(Scripted("m", "a"), other, limiter, clock=clock))
    assert clock.slept == 0
    assert "secret" not in str(bucket())


async def test_retries_inside_the_provider_are_counted_and_their_429_is_shared(
    limiter: RateLimiter, clock: Time
) -> None:
    class Retrying(Scripted):
        async def _text(self) -> str:
            meter = METER.get()
            assert meter is not None
            await meter.limited(5)
            await meter.again(60)
            return "at last"

    limited = RateLimited(Retrying("m"), bucket(rpm=10), limiter, clock=clock)
    assert await call(limited) == "at last"
    assert (await limiter.used(bucket())).requests == 2
    assert clock.slept == pytest.approx(5, abs=0.5)
    assert METER.get() is None


async def test_a_stream_is_limited_and_settled_too(limiter: RateLimiter, clock: Time) -> None:
    limited = RateLimited(Scripted("m", "a b"), bucket(rpm=1, tpm=1000), limiter, clock=clock)
    options = ChatOptions(max_tokens=50)
    pieces = [d async for d in limited.stream(ASK, options, idempotency_key="k")]
    assert [p.text for p in pieces] == ["a", "b", ""]
    assert await limiter.used(bucket()) == Need(1, 10)
    async for _ in limited.stream(ASK, options, idempotency_key="l"):
        pass
    assert clock.slept >= 60


async def test_leaving_a_stream_closes_the_inner_one(limiter: RateLimiter, clock: Time) -> None:
    inner = Scripted("m", "a b c")
    stream = RateLimited(inner, bucket(rpm=5), limiter, clock=clock).stream(ASK, ChatOptions(), idempotency_key="k")
    await anext(stream)
    await stream.aclose()
    assert inner.closed == 1


async def test_many_callers_at_once_get_what_there_is(limiter: RateLimiter, clock: Time) -> None:
    inner = Scripted("m", "a")
    limited = RateLimited(inner, bucket(rpm=7), limiter, clock=clock)
    results = await asyncio.gather(*(call(limited, str(i), timeout_s=40) for i in range(20)), return_exceptions=True)
    assert sum(r == "a" for r in results) == 7
    assert sum(isinstance(r, ProviderRateLimitError) for r in results) == 13


def test_an_estimate_is_above_what_text_takes() -> None:
    options = ChatOptions(max_tokens=10, n=3)
    assert estimate((Message(role="user", content="x" * 300),), options) >= 100 + 30


async def test_an_answer_is_not_lost_when_it_cannot_be_settled(database: Database, clock: Time) -> None:
    class Breaking(Scripted):
        async def _text(self) -> str:
            database.write_now(lambda c: c.exec_driver_sql("DROP TABLE rate_limits"))
            return "a"

    limiter = RateLimiter(database, windows=Windows(database, clock=clock), clock=clock, sleep=clock.sleep)
    assert await call(RateLimited(Breaking("m"), bucket(rpm=5), limiter, clock=clock)) == "a"
    with pytest.raises(StorageError):
        await call(RateLimited(Scripted("m", "a"), bucket(rpm=5), limiter, clock=clock))
