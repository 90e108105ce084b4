"""/v1/costs, /v1/estimate and /v1/budgets: what was spent, what would be, and what may be."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from qlp.budget.call import Scope, Spender
from qlp.budget.caps import Budget
from qlp.budget.estimate import Estimate
from qlp.budget.periods import Period
from qlp.budget.report import MOST_ROWS, CostReport, GroupBy, moment, to_csv
from qlp.errors import ForbiddenError
from qlp.models import Request
from qlp.pipeline.forecast import forecast
from qlp.security import Principal
from serve_app.auth import BackendDep, Caller
from serve_app.documents import NOT_FOUND, PROBLEMS
from serve_app.money import MoneyDep

router = APIRouter(tags=["costs"])

CSV = "text/csv"
_REPORT = {
    "description": "Sums by group, the dearest first; as CSV, one line a group.",
    "content": {CSV: {"schema": {"type": "string"}}},
}
Moment = Annotated[str | None, Query(max_length=40, description="30d, 12h, 2026-11-01 or an ISO time (UTC).")]
Format = Annotated[Literal["json", "csv"] | None, Query(description="By default as `Accept` says, else json.")]
Accept = Annotated[str | None, Header()]


class BudgetList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Budget]


class BudgetWish(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    scope: Scope = "tenant"
    subject: str = Field(default="", max_length=128)
    """The run, the id of the key, or the user; empty for the tenant itself."""
    period: Period = "month"
    cap_usd: Decimal = Field(ge=0)


@router.get("/v1/costs", response_model=CostReport, responses={200: _REPORT, **PROBLEMS})
async def costs(
    money: MoneyDep,
    caller: Caller,
    group_by: GroupBy = "run",
    since: Moment = None,
    until: Moment = None,
    run: Annotated[str | None, Query(max_length=64)] = None,
    model: Annotated[str | None, Query(max_length=255)] = None,
    key: Annotated[str | None, Query(max_length=64)] = None,
    user: Annotated[str | None, Query(max_length=128)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 1000,
    format: Format = None,
    accept: Accept = None,
) -> CostReport | Response:
    """What the tenant has spent, by what is asked for; calls count at the time at which they began.

    `unpriced_calls` are calls whose price is unknown: they are missing in the sums, never zero in fact.
    """
    now = datetime.now(UTC)
    filters: dict[GroupBy, str | None] = {"run": run, "model": model, "key": key, "user": user}
    report = await money.reports.report(
        caller.tenant,
        group_by=group_by,
        since=None if since is None else moment(since, now),
        until=None if until is None else moment(until, now),
        only={name: value for name, value in filters.items() if value is not None},
        limit=limit,
    )
    return _shaped(report, format, accept)


@router.get("/v1/runs/{run_id}/cost", response_model=CostReport, responses={200: _REPORT, **NOT_FOUND})
async def run_cost(
    run_id: str,
    backend: BackendDep,
    money: MoneyDep,
    caller: Caller,
    group_by: GroupBy = "task",
    format: Format = None,
    accept: Accept = None,
) -> CostReport | Response:
    """What one run has spent so far."""
    await backend.runs.get(run_id, caller.tenant)
    report = await money.reports.report(caller.tenant, group_by=group_by, only={"run": run_id}, limit=MOST_ROWS)
    return _shaped(report, format, accept)


@router.post("/v1/estimate", responses=PROBLEMS)
async def estimate(request: Request, money: MoneyDep, caller: Caller) -> Estimate:
    """What a run of this request may cost: a range from finished runs like it, or a guess that says so.

    Nothing is made. A request that a run would refuse is refused with the same problem.
    """
    spender = Spender(tenant=caller.tenant, api_key=caller.key_id)
    budgets = tuple(
        b
        for b in await money.budgets.list(caller.tenant, spender=spender)
        if b.scope == "tenant" or (b.scope, b.subject) == ("key", caller.key_id)
    )
    return await forecast(
        request, money.settings, money.models, money.history, money.prices, tenant=caller.tenant, budgets=budgets
    )


@router.get("/v1/budgets", responses=PROBLEMS)
async def budgets(money: MoneyDep, caller: Caller) -> BudgetList:
    """The tenant's caps with what is used of each. Those of the settings are the operator's."""
    spender = Spender(tenant=caller.tenant, api_key=caller.key_id)
    return BudgetList(data=list(await money.budgets.list(caller.tenant, spender=spender)))


@router.put("/v1/budgets", responses=PROBLEMS)
async def put_budget(wish: BudgetWish, money: MoneyDep, caller: Caller) -> BudgetList:
    """Set a cap; it holds from the next model call on, beside those of the settings. Admins only."""
    _admin(caller)
    await money.budgets.put(caller.tenant, wish.scope, wish.subject, wish.period, wish.cap_usd)
    return await budgets(money, caller)


@router.delete("/v1/budgets", status_code=204, responses={**PROBLEMS, **NOT_FOUND})
async def delete_budget(
    money: MoneyDep,
    caller: Caller,
    scope: Scope = "tenant",
    subject: Annotated[str, Query(max_length=128)] = "",
    period: Period = "month",
) -> None:
    """Remove a cap that was set here. Admins only."""
    _admin(caller)
    await money.budgets.remove(caller.tenant, scope, subject, period)


def _admin(caller: Principal) -> None:
    if caller.role != "admin":
        raise ForbiddenError("budgets are changed with the key of an admin")


def _shaped(report: CostReport, format: str | None, accept: str | None) -> CostReport | Response:
    asked = (accept or "").lower()
    if format == "csv" or (format is None and CSV in asked and "json" not in asked and "html" not in asked):
        return Response(to_csv(report).encode(), media_type=f"{CSV}; charset=utf-8; header=present")
    return report
