"""What narrows a choice: the request, the rules of its task type and tenant, and the operator's bounds.

The caller chooses within the operator's bounds: a tier below `min_tier` or above `max_tier` is moved into them, floors
and the latency limit are never loosened by a request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from qlp.config import RouteRule, RoutingSettings
from qlp.models import Request, Tier
from qlp.models._base import Frozen
from qlp.routing.arms import TIERS, Rung
from qlp.routing.features import Features

PolicyName = Literal["learned", "greedy", "ladder", "cheapest", "best"]


class Limits(Frozen):
    policy: PolicyName
    forced: Tier | None = None
    """The request's tier: the whole ladder."""
    first: Tier | None = None
    """Tier of the first try by a rule."""
    min_tier: Tier | None = None
    max_tier: Tier | None = None
    candidates: tuple[int, ...] = (1,)
    floor: float = 0.0
    hard_floor: float = 0.0
    latency_s: float | None = None
    max_cost_usd: float | None = None
    said: tuple[str, ...] = ()
    """Each override in a sentence."""


def limits_of(
    settings: RoutingSettings, request: Request, features: Features, tenant: str, *, n: int, cap_usd: float | None
) -> Limits:
    """`n` is `models.n`; `cap_usd` what the run may cost. The rule of the task type comes before the tenant's."""
    rules = _rules(settings, features, tenant)
    said: list[str] = []
    low = max((r.min_tier for _, r in rules if r.min_tier), key=TIERS.index, default=None)
    high = min((r.max_tier for _, r in rules if r.max_tier), key=TIERS.index, default=None)
    forced = request.tier
    if forced is not None:
        kept = _within(forced, low, high)
        said.append(
            f"the request asks for {forced}"
            if kept == forced
            else f"the request asks for {forced}, which is moved to {kept}: the operator allows {low or 't0'} to "
            f"{high or 't3'}"
        )
        forced = kept
    elif low or high:
        said.append(f"tiers {low or 't0'} to {high or 't3'} are allowed")
    first = next(((who, r.tier) for who, r in rules if r.tier), None)
    if first is not None and forced is None:
        said.append(f"the rule of {first[0]} starts at {first[1]}")
    count = next(((who, r.n) for who, r in rules if r.n), None)
    if count is not None:
        said.append(f"the rule of {count[0]} draws {count[1]} candidates")
    policy = next(((who, r.policy) for who, r in rules if r.policy), None)
    if policy is not None:
        said.append(f"the rule of {policy[0]} uses the policy {policy[1]}")
    deadlines = [settings.latency_s, request.deadline_s, *(r.latency_s for _, r in rules)]
    return Limits(
        policy=policy[1] if policy and policy[1] else settings.policy,
        forced=forced,
        first=_within(first[1], low, high) if first and first[1] else None,
        min_tier=low,
        max_tier=high,
        candidates=(count[1],) if count and count[1] else settings.candidates or (n,),
        floor=max([settings.floor, *(r.floor or 0.0 for _, r in rules)]),
        hard_floor=max([settings.hard_floor, *(r.hard_floor or 0.0 for _, r in rules)]),
        latency_s=min((d for d in deadlines if d is not None), default=None),
        max_cost_usd=cap_usd,
        said=tuple(said),
    )


def allowed_rungs(fleet: Iterable[Rung], limits: Limits) -> tuple[Rung, ...]:
    """The fleet within the operator's bounds; all of it if nothing would be left."""
    every = tuple(fleet)
    kept = tuple(r for r in every if _within(r.tier, limits.min_tier, limits.max_tier) == r.tier)
    return kept or every


def _rules(settings: RoutingSettings, features: Features, tenant: str) -> list[tuple[str, RouteRule]]:
    named = [
        (f"task type {features.task_kind}", settings.task_types.get(features.task_kind)),
        (f"project kind {features.project_kind}", settings.task_types.get(features.project_kind)),
        (f"tenant {tenant}", settings.tenants.get(tenant)),
    ]
    return [(who, rule) for who, rule in named if rule is not None]


def _within(tier: Tier, low: Tier | None, high: Tier | None) -> Tier:
    """Where both bounds exclude each other, the upper one holds: it is the one that costs less."""
    if low is not None and TIERS.index(tier) < TIERS.index(low):
        tier = low
    if high is not None and TIERS.index(tier) > TIERS.index(high):
        tier = high
    return tier
