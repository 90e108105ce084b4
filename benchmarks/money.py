"""What the ledger costs: reserve + settle of a model call, against bare commits of the same store in the same run.

    python -m benchmarks.money [--calls 300] [--url postgresql+psycopg://...]

Each call is checked against four budgets (run, key, user, tenant's month). By default over SQLite in a temporary
folder, as `qlp up` makes it. Prints calls per second and the ratio; raw results go to benchmarks/results/money.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from qlp.budget import Call, Ledger, Spender
from qlp.budget.tables import budgets, spend
from qlp.config import BudgetSettings, Caps
from qlp.models import Usage
from qlp.store.engine import Database, sqlite_url
from qlp.store.schema import create_all

RESULTS = Path(__file__).parent / "results" / "money.json"
MUCH = Decimal(1_000_000)


async def rate(calls: int, callers: int, one: Callable[[int], Awaitable[None]]) -> float:
    """Calls a second with so many callers at once."""
    turns = asyncio.Semaphore(callers)

    async def turn(number: int) -> None:
        async with turns:
            await one(number)

    began = time.perf_counter()
    await asyncio.gather(*(turn(number) for number in range(calls)))
    return calls / (time.perf_counter() - began)


async def measure(database: Database, calls: int) -> list[dict[str, object]]:
    caps = Caps(month=MUCH)
    ledger = Ledger(database, BudgetSettings(tenant=caps, key=caps, user=caps))
    spender = Spender(tenant="bench", api_key="key", user="user")
    row = {"tenant": "bench", "scope": "key", "subject": "none", "period": "day", "updated_at": 0.0}

    async def bare(number: int) -> None:
        """Four commits of one row each."""
        for _ in range(2):
            await database.write(lambda c: c.execute(budgets.delete().where(budgets.c.subject == f"none{number}")))
            await database.write(
                lambda c: c.execute(budgets.insert().values(**row | {"subject": f"none{number}"}, cap=1))
            )

    async def call(number: int) -> None:
        made = Call(run_id=f"run{number % 10}", key=str(number), attempt=tag, model="m", spender=spender)
        kept = await ledger.reserve(made, Decimal("0.01"), cap=MUCH)
        await ledger.settle(kept, Usage(calls=1, input_tokens=10, output_tokens=10, cost_usd=Decimal("0.005")))

    found = []
    for callers in (1, 50, 200):
        tag = f"a{callers}"
        commits = 4 * await rate(calls, callers, bare)
        pairs = await rate(calls, callers, call)
        found.append(
            {
                "callers": callers,
                "bare_commits_per_s": round(commits, 1),
                "reserve_settle_per_s": round(pairs, 1),
                "of_two_bare_commits": round(commits / 2 / pairs, 2),
            }
        )
    assert await ledger.drift() == {}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--url", default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(given.url or sqlite_url(Path(folder)))
        create_all(database)
        found = asyncio.run(measure(database, given.calls))
        rows = database.read_now(lambda c: c.scalar(sa.select(sa.func.count()).select_from(spend)))
        database.close()
    for line in found:
        print(line)  # noqa: T201
    backend = database.url.get_backend_name()
    old = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(
        json.dumps({**old, backend: {"calls": given.calls, "rows": rows, "results": found}}, indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
