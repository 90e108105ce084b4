"""`qlp cost`, `qlp estimate`, `qlp budget`: over the store on this machine, whether a server runs or not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast, get_args

from qlp.budget import Budget, BudgetStore, PriceBook
from qlp.budget.call import Scope
from qlp.budget.estimate import Estimate
from qlp.budget.history import History
from qlp.budget.money import shown
from qlp.budget.periods import Period
from qlp.budget.report import GROUPS, CostReport, CostReports, GroupBy, moment, to_csv
from qlp.cli.screen import err, out, print_json
from qlp.config import Settings
from qlp.errors import InputError
from qlp.models import Request
from qlp.models.run import LOCAL_TENANT
from qlp.store import Database, sqlite_url
from qlp.store.schema import create_all


@contextmanager
def _store(settings: Settings) -> Iterator[Database]:
    database = Database(sqlite_url(settings.home))
    try:
        create_all(database)
        yield database
    finally:
        database.close()


def show_costs(
    run_id: str | None,
    *,
    by: str | None,
    since: str | None,
    until: str | None,
    tenant: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    now = datetime.now(UTC)
    group = by or ("task" if run_id else "run")
    if group not in GROUPS:
        raise InputError(f"--by {group!r}: there are {', '.join(GROUPS)}")
    only: dict[GroupBy, str] = {"run": run_id} if run_id else {}
    with _store(Settings()) as database:
        report = asyncio.run(
            CostReports(database).report(
                tenant,
                group_by=group,
                since=moment(since, now) if since else None,
                until=moment(until, now) if until else None,
                only=only,
            )
        )
    if as_csv:
        sys.stdout.write(to_csv(report))
    elif as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _table(report)


def _table(report: CostReport) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column(report.group_by)
    for column in ("cost", "assumed", "calls", "unpriced", "tokens in", "cached", "out"):
        table.add_column(column, justify="right")
    for row in (*report.data, report.total.model_copy(update={"group": "total"})):
        table.add_row(
            row.group or "-",
            shown(row.cost_usd),
            shown(row.assumed_usd) if row.assumed_usd else "",
            f"{row.calls:,}",
            f"{row.unpriced_calls:,}" if row.unpriced_calls else "",
            f"{row.input_tokens:,}",
            f"{row.cached_tokens:,}",
            f"{row.output_tokens:,}",
        )
    out().print(table)
    total = report.total
    if total.reserved_usd:
        err().print(f"{shown(total.reserved_usd)} more is set aside for calls that are out now", markup=False)
    if total.unpriced_calls:
        err().print(
            f"{total.unpriced_calls} calls have no known price: their cost is missing here, not zero (prices.own)",
            markup=False,
        )
    if report.has_more:
        err().print("there are more rows: --csv, --since or /v1/costs?limit= show them", markup=False)


def show_estimate(request: Request, *, as_json: bool) -> None:
    from qlp.pipeline.forecast import forecast
    from qlp.pipeline.models import Models

    settings = Settings()
    with _store(settings) as database:

        async def ask() -> Estimate:
            budgets = await BudgetStore(database, settings.budgets).list(LOCAL_TENANT)
            return await forecast(
                request,
                settings,
                Models(settings),
                History(database),
                PriceBook(settings.prices, settings.home),
                tenant=LOCAL_TENANT,
                budgets=tuple(b for b in budgets if b.scope == "tenant"),
            )

        found = asyncio.run(ask())
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    for line in lines(found):
        out().print(line, markup=False)


def lines(found: Estimate) -> list[str]:
    """The estimate in words."""
    if found.likely_usd is None:
        said = [f"cost unknown: {found.calls_low} to {found.calls_high} calls of {found.generator}"]
    elif found.basis == "none":
        said = [f"$0: made by {found.generator}, no model is called"]
    else:
        assert found.low_usd is not None
        assert found.high_usd is not None
        said = [
            f"about {shown(found.likely_usd)}, between {shown(found.low_usd)} and {shown(found.high_usd)} "
            f"({found.calls_low} to {found.calls_high} calls of {found.generator})"
        ]
    if found.cap_usd is not None:
        said.append(f"at most ${found.cap_usd}, then the run asks")
    if found.budget_left_usd is not None:
        said.append(f"{shown(found.budget_left_usd)} is left of the tightest budget")
    return [*said, *(f"  {a}" for a in found.assumptions)]


def set_budget(tenant: str, scope: str, subject: str, per: str, amount: str, *, as_json: bool) -> None:
    try:
        cap = Decimal(amount)
    except ArithmeticError:
        raise InputError(f"{amount!r} is not an amount of money: write it as 25 or 0.50") from None
    store_scope, period = _named(scope, per if scope != "run" else "total")
    settings = Settings()
    with _store(settings) as database:
        asyncio.run(BudgetStore(database, settings.budgets).put(tenant, store_scope, subject, period, cap))
    list_budgets(tenant, as_json=as_json)


def remove_budget(tenant: str, scope: str, subject: str, per: str, *, as_json: bool) -> None:
    store_scope, period = _named(scope, per if scope != "run" else "total")
    settings = Settings()
    with _store(settings) as database:
        asyncio.run(BudgetStore(database, settings.budgets).remove(tenant, store_scope, subject, period))
    list_budgets(tenant, as_json=as_json)


def list_budgets(tenant: str, *, as_json: bool) -> None:
    settings = Settings()
    with _store(settings) as database:
        found = asyncio.run(BudgetStore(database, settings.budgets).list(tenant))
    if as_json:
        print_json({"object": "list", "data": [b.model_dump(mode="json") for b in found]})
        return
    for budget in found:
        out().print(_line(budget), markup=False)
    if not found:
        err().print(f"no budgets: qlp budget set tenant 25 --tenant {tenant}", markup=False)


def _line(budget: Budget) -> str:
    who = budget.scope if not budget.subject else f"{budget.scope} {budget.subject}"
    used = "" if budget.used_usd is None else f"  {shown(budget.used_usd)} used"
    until = f"  until {budget.resets_at:%Y-%m-%d}" if budget.resets_at else ""
    return f"{who:<32} {budget.period:<6} ${budget.cap_usd}{used}{until}  ({budget.source})"


def _named(scope: str, per: str) -> tuple[Scope, Period]:
    if scope not in get_args(Scope):
        raise InputError(f"{scope!r} has no budget: there are {', '.join(get_args(Scope))}")
    if per not in get_args(Period):
        raise InputError(f"--per {per!r}: there are {', '.join(get_args(Period))}")
    return cast(Any, scope), cast(Any, per)
