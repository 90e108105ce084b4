"""What a run may cost, before it begins: from runs like it, else a wide guess that is called one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Protocol

from qlp.budget.caps import Budget
from qlp.budget.history import History, Likeness, PastRun
from qlp.budget.money import Usd
from qlp.models._base import Frozen


class Estimate(Frozen):
    """US dollars; None is unknown, never zero."""

    object: Literal["estimate"] = "estimate"
    generator: str
    """The blueprint, or the model's name."""
    basis: Literal["none", "history", "prior", "unknown"]
    """`none`: no model is called. `history`: quantiles of earlier runs. `prior`: a guess. `unknown`: no price."""
    low_usd: Usd | None
    """One run in ten costs less."""
    likely_usd: Usd | None
    """Half of the runs cost less."""
    high_usd: Usd | None
    """One run in ten costs more."""
    calls_low: int = 0
    calls_high: int = 0
    similar_runs: int = 0
    alike_by: tuple[str, ...] = ()
    """What those runs have in common with this one."""
    cap_usd: Usd | None = None
    """Of this run; it cannot cost more."""
    budget_left_usd: Usd | None = None
    """The least that a budget of the caller has left; None without one."""
    assumptions: tuple[str, ...] = ()


class Pricing(Protocol):
    def cost(self, *, input_tokens: int, output_tokens: int) -> Decimal | None: ...


def nothing(generator: str, cap: Decimal | None, budgets: Sequence[Budget]) -> Estimate:
    """Of a run that needs no model."""
    return Estimate(
        generator=generator,
        basis="none",
        low_usd=Decimal(0),
        likely_usd=Decimal(0),
        high_usd=Decimal(0),
        cap_usd=cap,
        budget_left_usd=left(budgets),
        assumptions=("a blueprint serves the request, so no model is called",),
    )


async def estimate(
    history: History,
    tenant: str,
    like: Likeness,
    *,
    generator: str,
    price: Pricing | None,
    cap: Decimal | None,
    budgets: Sequence[Budget] = (),
) -> Estimate:
    """Of a run that a model makes."""
    past = await history.runs(tenant)
    runs, alike = similar(past, like)
    common: dict[str, Any] = {"generator": generator, "cap_usd": cap, "budget_left_usd": left(budgets)}
    if runs:
        usd, calls = sorted(r.usd for r in runs), sorted(r.calls for r in runs)
        seen = (
            f"quantiles (10, 50, 90 %) of {len(runs)} finished runs of this tenant"
            + (f" with the same {', '.join(alike)}" if alike else " of any kind"),
            "prices, models and prompts stay as they were in those runs",
        )
        few = (f"{len(runs)} runs are few: the range is their lowest and highest",) if len(runs) < 10 else ()
        edges = (0.0, 1.0) if few else (0.1, 0.9)
        return Estimate(
            basis="history",
            low_usd=_usd(quantile(usd, edges[0])),
            likely_usd=_usd(quantile(usd, 0.5)),
            high_usd=_usd(quantile(usd, edges[1])),
            calls_low=int(quantile(calls, edges[0])),
            calls_high=int(quantile(calls, edges[1])),
            similar_runs=len(runs),
            alike_by=alike,
            assumptions=seen + few,
            **common,
        )
    return _prior(like, price, common)


def similar(past: Sequence[PastRun], like: Likeness) -> tuple[list[PastRun], tuple[str, ...]]:
    """Runs that have most in common with this one and are enough to tell; none if there are too few of any kind."""
    for fields in like.widened():
        runs = [r for r in past if all(getattr(r.likeness, f) == getattr(like, f) for f in fields)]
        if len(runs) >= _data()["fewest"]:
            return runs, fields
    return [], ()


def quantile(ordered: Sequence[float], q: float) -> float:
    """Of sorted values, linear between neighbours (type 7 of Hyndman and Fan, 1996)."""
    place = q * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def left(budgets: Sequence[Budget]) -> Decimal | None:
    return min((b.remaining_usd for b in budgets if b.remaining_usd is not None), default=None)


def _prior(like: Likeness, price: Pricing | None, common: dict[str, Any]) -> Estimate:
    data = _data()
    calls = data["calls"]["function" if like.kind == "function" else "project"]
    one = [
        None if price is None else price.cost(input_tokens=i, output_tokens=o)
        for i, o in zip(data["input_tokens"], data["output_tokens"], strict=True)
    ]
    usd = [None if c is None else _usd(float(c) * n) for c, n in zip(one, calls, strict=True)]
    assumptions = [
        f"no {data['fewest']} finished runs to learn from yet: a wide guess",
        f"{calls[0]} to {calls[2]} model calls of {data['input_tokens'][0]} to {data['input_tokens'][2]} tokens in and "
        f"{data['output_tokens'][0]} to {data['output_tokens'][2]} out",
        "every call at the price of the first model",
    ]
    unknown = usd[0] is None
    if unknown:
        assumptions[2] = "the price of the model is unknown, so no amount is given"
    return Estimate(
        basis="unknown" if unknown else "prior",
        low_usd=usd[0],
        likely_usd=usd[1],
        high_usd=usd[2],
        calls_low=calls[0],
        calls_high=calls[2],
        assumptions=tuple(assumptions),
        **common,
    )


def _usd(amount: float) -> Decimal:
    return Decimal(f"{amount:.9f}").normalize() + 0


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((files("qlp.budget") / "data" / "prior.json").read_text("utf-8"))
    return loaded


__all__ = ["Estimate", "Likeness", "estimate", "nothing", "quantile", "similar"]
