from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from qlp.budget import Call, Ledger, Spender
from qlp.budget.report import GROUPS, CostReports, moment, to_csv
from qlp.errors import InputError
from qlp.models import Usage
from qlp.store import Database, sqlite_url

pytestmark = pytest.mark.unit
START = datetime(2026, 1, 30, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path, clock: Clock) -> Iterator[Database]:  # type: ignore[misc]
    """Two tenants, three days: settled, assumed, released, unpriced and open calls."""
    database = Database(sqlite_url(tmp_path))
    ledger = Ledger(database, clock=clock)

    async def call(run: str, key: str, model: str, tenant: str = "acme", *, usd: str | None = None) -> None:
        spender = Spender(tenant=tenant, api_key="key_1", user="ann")
        made = Call(run_id=run, key=key, attempt="1", model=model, task=key, tier="t1", spender=spender)
        kept = await ledger.reserve(made, Decimal("0.50"))
        if usd is not None:
            cost = Decimal(usd) if usd else None
            await ledger.settle(kept, Usage(calls=1, input_tokens=100, output_tokens=10, cost_usd=cost))

    await call("r1", "plan", "openai:a", usd="0.10")
    await call("r1", "app", "openai:b", usd="0.000000125")
    clock.now += timedelta(days=1)
    await call("r2", "app", "openai:a", usd="0.20")
    await call("r2", "tests", "=HYPERLINK(1)", usd="")
    clock.now += timedelta(days=1)
    await call("r3", "app", "openai:a")
    await call("r9", "app", "openai:a", "other", usd="7")
    yield database
    database.close()


async def test_a_tenant_sees_its_sums_by_anything(database: Database, clock: Clock) -> None:
    reports = CostReports(database, clock)
    for group in GROUPS:
        report = await reports.report("acme", group_by=group)
        assert report.total.cost_usd == Decimal("0.800000125")
        assert sum(row.cost_usd for row in report.data) == report.total.cost_usd
        assert report.total.reserved_usd == Decimal("0.5")
        assert (report.total.calls, report.total.unpriced_calls, report.total.input_tokens) == (4, 1, 400)
    by_model = await reports.report("acme", group_by="model")
    assert [(r.group, r.cost_usd, r.assumed_usd) for r in by_model.data] == [
        ("=HYPERLINK(1)", Decimal("0.5"), Decimal("0.5")),
        ("openai:a", Decimal("0.3"), 0),
        ("openai:b", Decimal("0.000000125"), 0),
    ]
    assert {r.group for r in (await reports.report(None, group_by="tenant")).data} == {"acme", "other"}


async def test_time_and_other_columns_filter(database: Database, clock: Clock) -> None:
    reports = CostReports(database, clock)
    days = await reports.report("acme", group_by="day")
    assert [(r.group, r.cost_usd) for r in days.data] == [
        ("2026-01-30", Decimal("0.100000125")),
        ("2026-01-31", Decimal("0.7")),
        ("2026-02-01", Decimal(0)),
    ]
    second = await reports.report("acme", since=START + timedelta(days=1), until=START + timedelta(days=2))
    assert [r.group for r in second.data] == ["r2"]
    one = await reports.report("acme", group_by="task", only={"run": "r1", "model": "openai:a"})
    assert [(r.group, r.cost_usd) for r in one.data] == [("plan", Decimal("0.1"))]
    assert (await reports.report("acme", only={"run": "r9"})).data == ()
    page = await reports.report("acme", limit=1)
    assert (len(page.data), page.has_more, page.total.calls) == (1, True, 4)


async def test_the_reservation_of_a_dead_caller_is_reported_as_assumed(database: Database, clock: Clock) -> None:
    reports = CostReports(database, clock)
    clock.now += timedelta(hours=1)
    before = (await reports.report("acme")).total
    assert (before.reserved_usd, before.assumed_usd, before.calls) == (0, Decimal("1.0"), 5)
    assert await Ledger(database, clock=clock).expire() == 1
    assert (await reports.report("acme")).total == before


async def test_csv_is_read_back_and_holds_no_formula(database: Database, clock: Clock) -> None:
    report = await CostReports(database, clock).report("acme", group_by="model")
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    assert [row["model"] for row in rows] == ["'=HYPERLINK(1)", "openai:a", "openai:b"]
    assert [Decimal(row["cost_usd"]) for row in rows] == [r.cost_usd for r in report.data]
    assert rows[2]["cost_usd"] == "0.000000125"


def test_moments() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert moment("30d", now) == now - timedelta(days=30)
    assert moment("2026-02-01", now) == datetime(2026, 2, 1, tzinfo=UTC)
    assert moment("2026-02-01T01:00:00+01:00", now) == datetime(2026, 2, 1, tzinfo=UTC)
    for wrong in ("yesterday", "30", "", "9999999d"):
        with pytest.raises(InputError):
            moment(wrong, now)
