from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from qlp.budget import Call, Ledger, Spender
from qlp.budget.estimate import estimate, quantile
from qlp.budget.history import History, Likeness
from qlp.models import Confidence, Outcome, Request, Usage
from qlp.store import Database, EventStore, RunStore, sqlite_url
from qlp.store.schema import create_all

pytestmark = pytest.mark.unit

LIBRARY = Likeness(kind="library", language="python", tier="auto", size="short")
OUTCOME = Outcome(
    verified=True,
    decision="accept",
    stages=(),
    confidence=Confidence(probability=0.5, label="uncalibrated", formula="x@1", contributions=()),
    usage=Usage(),
    capsule="c.zip",
    capsule_digest="sha256:0",
    generator="model:x",
    timings={},
)


class PerMillion:
    def cost(self, *, input_tokens: int, output_tokens: int) -> Decimal | None:
        return Decimal(input_tokens + output_tokens) / 1_000_000


class Unknown:
    def cost(self, *, input_tokens: int, output_tokens: int) -> Decimal | None:
        return None


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path))
    create_all(database)
    yield database
    database.close()


async def past(
    database: Database, usd: str | None, *, kind: str = "library", tenant: str = "acme", finish: bool = True
) -> None:
    """One run that cost `usd`, with the traces that a real one leaves."""
    runs = RunStore(database)
    run, _ = await runs.create(Request(text="a library"), tenant=tenant, queue_limit=1000)
    await runs.claim("x", live={"x"}, only=run.id)
    data = {"kind": kind, "language": "python", "generator": "model"}
    await EventStore(database).append(run.id, "analysis", "run.analysis.ready", data)
    ledger = Ledger(database)
    cost = None if usd is None else Decimal(usd)
    for half in range(2):
        call = Call(run_id=run.id, key=str(half), attempt="1", model="m", spender=Spender(tenant=tenant))
        kept = await ledger.reserve(call, cost)
        await ledger.settle(kept, Usage(calls=1, cost_usd=None if cost is None else cost / 2))
    if finish:
        await runs.finish(run.id, outcome=OUTCOME)


async def ask(database: Database, like: Likeness = LIBRARY, price: object = PerMillion()) -> object:
    return await estimate(
        History(database),
        "acme",
        like,
        generator="model:x",
        price=price,
        cap=Decimal(5),  # type: ignore[arg-type]
    )


async def test_without_history_it_is_a_wide_guess_that_says_so(database: Database) -> None:
    found = await ask(database)
    assert found.basis == "prior"
    assert found.low_usd is not None
    assert found.high_usd > 20 * found.low_usd
    assert "guess" in found.assumptions[0]
    unknown = await ask(database, price=Unknown())
    assert (unknown.basis, unknown.likely_usd) == ("unknown", None)


async def test_quantiles_of_runs_like_it(database: Database) -> None:
    for cents in range(1, 12):
        await past(database, f"0.{cents:02}")
    await past(database, "9", kind="rest_api")
    await past(database, "9", tenant="other")
    await past(database, "9", finish=False)
    await past(database, None)
    found = await ask(database)
    assert (found.basis, found.similar_runs) == ("history", 11)
    assert (found.low_usd, found.likely_usd, found.high_usd) == (Decimal("0.02"), Decimal("0.06"), Decimal("0.1"))
    assert (found.calls_low, found.calls_high) == (2, 2)
    assert found.alike_by == ("kind", "language", "tier", "size")


async def test_too_few_of_its_kind_widen_the_comparison(database: Database) -> None:
    for cents in range(1, 5):
        await past(database, f"0.{cents:02}")
    assert (await ask(database)).basis == "prior"
    await past(database, "0.90", kind="rest_api")
    found = await ask(database)
    assert (found.similar_runs, found.alike_by, found.high_usd) == (5, (), Decimal("0.9"))
    assert any("few" in a for a in found.assumptions)


def test_quantiles() -> None:
    assert quantile([3.0], 0.9) == 3.0
    assert quantile([1.0, 2.0], 0.5) == 1.5
    assert quantile([0.0, 10.0, 20.0], 0.25) == 5.0
