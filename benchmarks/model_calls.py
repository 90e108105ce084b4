"""What surrounds a model call costs: each layer around a provider that answers at once, against one commit.

`python -m benchmarks.model_calls [--calls 300] [--postgres URL]`. Layers take turns in every round, so that a busy
machine touches all alike; the unit is one small committed transaction on the same database. Raw numbers go to
benchmarks/results/model_calls.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import sqlalchemy as sa

from qlp.calls.breaker_board import BreakerBoard, BreakerShared
from qlp.calls.cached import CachedResponses
from qlp.calls.fallbacks import FallbackChain
from qlp.calls.limiter import RateLimiter, bucket_of
from qlp.calls.rate_limit import RateLimited
from qlp.calls.response_store import ResponseStore
from qlp.calls.state import calls_database
from qlp.models import Usage
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.protocol import ChatOptions, Completion, Message, Provider
from qlp.store.engine import Database, sqlite_url

RESULTS = Path(__file__).parent / "results" / "model_calls.json"
ASK = (Message(role="user", content="x" * 2000),)
PLENTY = 1_000_000_000


class Instant:
    name = "none:instant"

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        usage = Usage(calls=1, input_tokens=500, output_tokens=20)
        return Completion(texts=("y" * 80,), cut=(False,), model=self.name, usage=usage)


def commit(database: Database) -> Callable[[int], Awaitable[None]]:
    counter = sa.Table("bench_commit", sa.MetaData(), sa.Column("n", sa.Integer))
    database.write_now(lambda c: counter.create(c, checkfirst=True))
    database.write_now(lambda c: c.execute(counter.insert().values(n=0)))

    async def one(_: int) -> None:
        await database.write(lambda c: c.execute(counter.update().values(n=counter.c.n + 1)))

    return one


def asking(provider: Provider, *, same: bool = False) -> Callable[[int], Awaitable[None]]:
    async def one(i: int) -> None:
        options = ChatOptions(temperature=0, seed=0 if same else i)
        await provider.complete(ASK, options, idempotency_key=str(i))

    return one


async def measure(url: str, folder: Path, calls: int) -> dict[str, float]:
    """Median seconds of one call, by layer."""
    database = Database(url)
    shared = calls_database(database, folder)
    limiter, board = RateLimiter(shared), BreakerBoard(shared)
    free = bucket_of("none:instant", "free", None)
    limited = bucket_of("none:instant", f"limited {time.time()}", None, rpm=PLENTY, tpm=PLENTY)
    store = ResponseStore(folder / "responses.db", max_bytes=100_000_000)
    layers: dict[str, Callable[[int], Awaitable[None]]] = {
        "one commit": commit(database),
        "provider alone": asking(Instant()),
        "rate limit: none set": asking(RateLimited(Instant(), free, limiter)),
        "rate limit: rpm and tpm": asking(RateLimited(Instant(), limited, limiter)),
        "the same, durable": asking(RateLimited(Instant(), limited, RateLimiter(database))),
        "shared breaker, closed": asking(BreakerShared(Instant(), CircuitBreaker("m"), board, endpoint="x")),
        "chain of two": asking(FallbackChain([Instant(), Instant()])),
        "cache: miss and store": asking(CachedResponses(Instant(), store, tenant="t", address="x")),
        "cache: hit": asking(CachedResponses(Instant(), store, tenant="t", address="y"), same=True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in layers}
    for i in range(calls):
        for name, one in layers.items():
            began = time.perf_counter()
            await one(i + 1)
            seconds[name].append(time.perf_counter() - began)
    store.close()
    database.close()
    return {name: statistics.median(each) for name, each in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--postgres", help="postgresql+psycopg://... to measure too")
    args = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        results["sqlite"] = asyncio.run(measure(str(sqlite_url(Path(folder))), Path(folder), args.calls))
        if args.postgres:
            results["postgresql"] = asyncio.run(measure(args.postgres, Path(folder) / "pg", args.calls))
    for engine, medians in results.items():
        unit = medians["one commit"]
        sys.stdout.write(f"{engine}, x of one commit ({unit * 1000:.2f} ms)\n")
        for name, median in medians.items():
            sys.stdout.write(f"  {name:26} {median / unit:6.2f}\n")
    rounded = {engine: {name: round(median * 1000, 3) for name, median in m.items()} for engine, m in results.items()}
    RESULTS.write_text(json.dumps({"calls": args.calls, "median_ms": rounded}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
