from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qlp.budget import Call, Ledger, Spender
from qlp.cli import exit_codes
from qlp.cli.main import app
from qlp.models import Problem, Request, Run, Usage
from qlp.store import Database, sqlite_url
from qlp.store.schema import create_all

pytestmark = pytest.mark.unit
RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QLP_HOME", str(tmp_path))
    return tmp_path


def qlp(*words: str) -> tuple[int, str]:
    done = RUNNER.invoke(app, list(words))
    return done.exit_code, done.stdout


def spend(home: Path, run: str, usd: str | None) -> None:
    async def one() -> None:
        database = Database(sqlite_url(home))
        create_all(database)
        ledger = Ledger(database)
        call = Call(run_id=run, key="plan", attempt="1", model="openai:a", task="plan", spender=Spender(tenant="local"))
        cost = None if usd is None else Decimal(usd)
        kept = await ledger.reserve(call, cost)
        await ledger.settle(kept, Usage(calls=1, input_tokens=1000, output_tokens=10, cost_usd=cost))
        database.close()

    asyncio.run(one())


def test_costs_by_run_and_model_as_table_json_and_csv(home: Path) -> None:
    spend(home, "run_a", "0.25")
    spend(home, "run_b", None)
    code, table = qlp("cost")
    assert code == 0
    assert "run_a" in table
    assert "$0.2500" in table
    code, text = qlp("cost", "--by", "model", "--since", "1d", "--json")
    report = json.loads(text)
    assert (report["total"]["cost_usd"], report["total"]["unpriced_calls"]) == ("0.25", 1)
    code, text = qlp("cost", "run_a", "--csv")
    assert text.splitlines()[1].startswith("plan,0.25,")
    assert qlp("cost", "--by", "colour")[0] == 2
    assert qlp("cost", "--since", "soon")[0] == 2


def test_budgets_are_set_listed_and_removed(home: Path) -> None:
    spend(home, "run_a", "0.25")
    assert qlp("budget", "set", "tenant", "25")[0] == 0
    assert qlp("budget", "set", "key", "1.50", "--of", "key_1", "--per", "day")[0] == 0
    text = qlp("budget", "list", "--json")[1]
    found = {(b["scope"], b["subject"], b["period"]): b for b in json.loads(text)["data"]}
    assert found["tenant", "", "month"]["remaining_usd"] == "24.75"
    assert found["key", "key_1", "day"]["cap_usd"] == "1.5"
    assert qlp("budget", "rm", "tenant")[0] == 0
    assert qlp("budget", "rm", "tenant")[0] == 1
    for wrong in (("planet", "1"), ("tenant", "much"), ("key", "1"), ("tenant", "-1"), ("tenant", "NaN")):
        assert qlp("budget", "set", *wrong)[0] == 2, wrong
    assert qlp("budget", "set", "tenant", "1", "--per", "year")[0] == 2


def test_an_estimate_of_what_a_blueprint_makes(home: Path) -> None:
    code, text = qlp("estimate", "Build a REST API for books with title and author")
    assert code == 0
    assert text.startswith("$0: made by blueprint:")
    assert qlp("estimate", "  ")[0] == 2


def test_a_run_that_waits_for_money_exits_with_4() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    asks = Problem(code="budget_exceeded", detail="more")
    waiting = Run(
        id="r",
        status="input_required",
        tenant="t",
        request=Request(text="x"),
        created_at=at,
        updated_at=at,
        problem=asks,
    )
    assert exit_codes.of_run(waiting) == 4
