from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from qlp.budget import BudgetStore, Call, Ledger, Spender
from qlp.budget.tables import spend
from qlp.config import BudgetSettings, Caps
from qlp.errors import BudgetExceededError, UnpricedModelError
from qlp.models import Request, Usage
from qlp.store import Database, EventStore, RunStore, sqlite_url
from qlp.store.schema import create_all

pytestmark = pytest.mark.unit
CAP = Decimal("1.00")
ANN = Spender(tenant="acme", api_key="key_1", user="ann")


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path))
    create_all(database)
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database, clock: Clock) -> Ledger:
    return Ledger(database, clock=clock)


def call(key: str, run: str = "run", *, attempt: str = "1", spender: Spender = ANN) -> Call:
    return Call(run_id=run, key=key, attempt=attempt, model="test:m", spender=spender)


def cost(usd: str) -> Usage:
    return Usage(calls=1, input_tokens=3, output_tokens=7, cost_usd=Decimal(usd))


async def test_concurrent_reservations_never_pass_the_cap(ledger: Ledger) -> None:
    calls = [ledger.reserve(call(f"k{i}"), Decimal("0.30"), cap=CAP) for i in range(10)]
    refused = [r for r in await asyncio.gather(*calls, return_exceptions=True) if isinstance(r, BudgetExceededError)]
    assert len(refused) == 7
    assert await ledger.spent("run") == Decimal("0.90")


async def test_settling_frees_what_was_not_used(ledger: Ledger) -> None:
    first = await ledger.reserve(call("a"), Decimal("0.90"), cap=CAP)
    await ledger.settle(first, cost("0.10"))
    await ledger.reserve(call("b"), Decimal("0.90"), cap=CAP)
    assert await ledger.spent("run") == Decimal("1.00")


async def test_the_same_attempt_is_never_counted_twice(ledger: Ledger) -> None:
    """A transaction whose answer was lost is sent again."""
    for _ in range(3):
        kept = await ledger.reserve(call("a"), Decimal("0.80"), cap=CAP)
    for _ in range(3):
        await ledger.settle(kept, cost("0.50"))
    await ledger.settle(kept, cost("0.70"))
    assert await ledger.spent("run") == Decimal("0.50")
    assert await ledger.drift() == {}


async def test_a_call_made_again_after_a_crash_may_be_charged_twice_and_counts_twice(ledger: Ledger) -> None:
    await ledger.reserve(call("a"), Decimal("0.60"), cap=CAP)
    with pytest.raises(BudgetExceededError):
        await ledger.reserve(call("a", attempt="2"), Decimal("0.60"), cap=CAP)


async def test_runs_have_their_own_caps(ledger: Ledger) -> None:
    await ledger.reserve(call("a", "one"), CAP, cap=CAP)
    await ledger.reserve(call("a", "two"), CAP, cap=CAP)
    with pytest.raises(BudgetExceededError, match=r"resume one --max-cost 1\.01") as refused:
        await ledger.reserve(call("b", "one"), Decimal("0.01"), cap=CAP)
    assert refused.value.extra["needed_usd"] == "1.01"


async def test_every_budget_of_a_call_must_have_room_or_none_is_charged(database: Database, clock: Clock) -> None:
    settings = BudgetSettings(tenant=Caps(month=Decimal(3)), key=Caps(day=Decimal(2)), user=Caps(total=Decimal(5)))
    ledger = Ledger(database, settings, clock)
    await ledger.reserve(call("a", "one"), Decimal("1.50"), cap=None)
    with pytest.raises(BudgetExceededError) as refused:
        await ledger.reserve(call("b", "two"), Decimal("0.60"), cap=None)
    assert (refused.value.extra["scope"], refused.value.extra["period"]) == ("key", "day")
    other = Spender(tenant="acme", api_key="key_2", user="ann")
    await ledger.reserve(call("c", "two", spender=other), Decimal("1.50"), cap=None)
    with pytest.raises(BudgetExceededError) as refused:
        await ledger.reserve(call("d", "two", spender=other), Decimal("0.01"), cap=None)
    assert refused.value.extra["scope"] == "tenant"
    await ledger.reserve(call("e", "two", spender=Spender(tenant="other", api_key="k")), Decimal(2), cap=None)
    assert await ledger.drift() == {}


async def test_a_month_begins_with_nothing_spent_and_settles_where_it_was_reserved(
    database: Database, clock: Clock
) -> None:
    ledger = Ledger(database, BudgetSettings(tenant=Caps(month=CAP)), clock)
    old = await ledger.reserve(call("a"), Decimal("0.90"))
    clock.now += timedelta(hours=12)
    new = await ledger.reserve(call("b"), Decimal("0.90"))
    await ledger.settle(old, cost("0.10"))
    with pytest.raises(BudgetExceededError) as refused:
        await ledger.reserve(call("c"), Decimal("0.20"))
    assert refused.value.extra["resets_at"] == "2026-03-01T00:00:00+00:00"
    await ledger.settle(new, cost("0.80"))
    await ledger.reserve(call("c"), Decimal("0.20"))
    assert await ledger.drift() == {}


async def test_what_was_spent_before_a_budget_was_set_counts(database: Database, ledger: Ledger, clock: Clock) -> None:
    kept = await ledger.reserve(call("a"), Decimal("0.90"))
    budgets = BudgetStore(database, clock=clock)
    await budgets.put("acme", "tenant", "", "month", CAP)
    with pytest.raises(BudgetExceededError):
        await ledger.reserve(call("b"), Decimal("0.20"))
    await ledger.settle(kept, cost("0.10"))
    await ledger.reserve(call("b"), Decimal("0.20"))
    (shown,) = await budgets.list("acme")
    assert (shown.used_usd, shown.remaining_usd, shown.source) == (Decimal("0.3"), Decimal("0.7"), "set")


async def test_a_raised_cap_of_a_run_replaces_the_one_that_it_began_with(database: Database, ledger: Ledger) -> None:
    await ledger.reserve(call("a"), CAP, cap=CAP)
    await BudgetStore(database).put("acme", "run", "run", "total", Decimal(2))
    await ledger.reserve(call("b"), CAP, cap=CAP)
    with pytest.raises(BudgetExceededError):
        await ledger.reserve(call("c"), Decimal("0.01"), cap=CAP)


async def test_a_dead_callers_reservation_goes_on_to_count_and_a_late_answer_settles_it(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    kept = await ledger.reserve(call("a"), Decimal("0.90"), cap=CAP, timeout_s=10)
    assert await ledger.expire() == 0
    clock.now += timedelta(seconds=71)
    assert await ledger.expire() == 1
    assert await ledger.expire() == 0
    assert await ledger.spent("run") == Decimal("0.90")
    await ledger.settle(kept, cost("0.20"))
    assert await ledger.spent("run") == Decimal("0.20")
    assert await ledger.drift() == {}


async def test_an_unknown_cost_counts_in_full_and_is_not_called_priced(database: Database, ledger: Ledger) -> None:
    kept = await ledger.reserve(call("a"), Decimal("0.90"), cap=CAP)
    await ledger.settle(kept, Usage(calls=1, cost_usd=None))
    assert await ledger.spent("run") == Decimal("0.90")
    row = database.read_now(lambda connection: connection.execute(sa.select(spend)).one())
    assert (row.state, row.priced) == ("assumed", False)


async def test_an_unknown_price_goes_where_nothing_is_capped(ledger: Ledger) -> None:
    await ledger.reserve(call("a"), None)
    with pytest.raises(UnpricedModelError):
        await ledger.reserve(call("b"), None, cap=CAP)


async def test_a_released_call_frees_everything(ledger: Ledger) -> None:
    kept = await ledger.reserve(call("a"), CAP, cap=CAP)
    await ledger.release(kept)
    await ledger.reserve(call("b"), CAP, cap=CAP)
    assert await ledger.spent("run") == CAP


async def test_more_than_was_set_aside_is_told_as_it_was(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    kept = await ledger.reserve(call("a"), Decimal("0.10"), cap=CAP)
    await ledger.settle(kept, cost("0.25"))
    assert await ledger.spent("run") == Decimal("0.25")
    assert "more than" in caplog.text


async def test_the_run_tells_whose_the_money_is(database: Database) -> None:
    runs = RunStore(database)
    run, _ = await runs.create(Request(text="x"), tenant="acme", queue_limit=9, api_key="key_7", user="bob")
    ledger = Ledger(database)
    kept = await ledger.reserve(call("a", run.id, spender=Spender()), Decimal(1))
    assert kept.call.spender == Spender(tenant="acme", api_key="key_7", user="bob")


async def test_what_costs_nothing_needs_no_budget(ledger: Ledger) -> None:
    await ledger.reserve(call("a"), Decimal("0.50"), cap=CAP)
    await ledger.reserve(call("b"), Decimal(0), cap=Decimal("0.10"))
    with pytest.raises(BudgetExceededError):
        await ledger.reserve(call("c"), Decimal("0.01"), cap=Decimal("0.10"))


async def test_a_run_is_told_once_when_a_cap_comes_near(database: Database) -> None:
    runs, ledger = RunStore(database), Ledger(database)
    run, _ = await runs.create(Request(text="x"), tenant="acme", queue_limit=9)
    await runs.claim("w", live={"w"})
    for key in range(9):
        kept = await ledger.reserve(call(str(key), run.id), Decimal("0.10"), cap=CAP)
        await ledger.settle(kept, cost("0.10"))
    told = [e for e in (await EventStore(database).after(run.id))[0] if e.type == "run.budget.warning"]
    assert [(e.data["scope"], e.data["used_usd"], e.data["cap_usd"]) for e in told] == [("run", "0.8", "1")]


async def test_a_budget_without_anything_left_is_told_before_work_begins(database: Database, clock: Clock) -> None:
    ledger = Ledger(database, BudgetSettings(tenant=Caps(day=CAP)), clock)
    await ledger.check(ANN)
    await ledger.reserve(call("a"), CAP)
    with pytest.raises(BudgetExceededError, match="for today"):
        await ledger.check(ANN)


async def test_a_ledger_of_version_1_is_taken_over(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))

    def old(connection: sa.Connection) -> None:
        for line in (
            "CREATE TABLE ledger (run_id VARCHAR(64), key VARCHAR(255), reserved_usd VARCHAR(32) NOT NULL, "
            "settled_usd VARCHAR(32), PRIMARY KEY (run_id, key))",
            "INSERT INTO ledger VALUES ('r', 'a', '0.5', '0.0000123'), ('r', 'b', '0.25', NULL)",
        ):
            connection.exec_driver_sql(line)

    database.write_now(old)
    for _ in range(2):
        ledger = Ledger(database)
    assert await ledger.spent("r") == Decimal("0.2500123")
    assert not sa.inspect(database.engine).has_table("ledger")
    with pytest.raises(BudgetExceededError):
        await ledger.reserve(call("c", "r", spender=Spender()), Decimal("0.80"), cap=CAP)
    database.close()
