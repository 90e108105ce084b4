"""Routing as durable steps of a task: ask before the first try, tell after the last one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from qlp.agents.loop import Escalation
from qlp.models import Attempt, Tier
from qlp.pipeline.runtime import Runtime, TaskInput
from qlp.routing.arms import after_failures, candidates_of
from qlp.routing.decision import RouteDecision, RouteOutcome, TryOutcome
from qlp.routing.router import Router

TenantOf = Callable[[str], Awaitable[str]]


async def routed(runtime: Runtime, router: Router, task: TaskInput, tenant_of: TenantOf) -> RouteDecision:
    """Raises NoGeneratorError, ProviderError, StorageError."""

    async def decide() -> RouteDecision:
        return await router.decide(
            task.request,
            task.analysis,
            task.plan.task(task.task_id),
            run_id=task.run_id,
            tenant=await tenant_of(task.run_id),
            plan=task.plan,
            round=task.round,
        )

    return await runtime.step("route", RouteDecision, decide)


def escalation_of(decision: RouteDecision) -> Escalation:
    """The way up that was decided; one try a rung, the top takes what is left."""
    return Escalation(
        ladder=decision.ladder, max_attempts=decision.max_attempts, tries=dict.fromkeys(decision.ladder, 1)
    )


def try_outcome(
    decision: RouteDecision, before: Sequence[TryOutcome], tier: Tier, records: Sequence[Attempt], *, accepted: bool
) -> TryOutcome:
    """One more try as it ended. What was accepted is only believed so far: the verdict on the project tells."""
    usages = [r.usage for r in records]
    costs = [u.cost_usd for u in usages]
    return TryOutcome(
        tier=tier,
        model=decision.models.get(tier) or (records[-1].model if records else decision.model),
        n=candidates_of(tier, decision.n),
        after=after_failures(before[-1].tier if before else None, len(before), repair=decision.features.repair),
        verified=None if accepted else False,
        cost_usd=None if None in costs else float(sum(c for c in costs if c is not None)),
        input_tokens=sum(u.input_tokens for u in usages),
        output_tokens=sum(u.output_tokens for u in usages),
    )


async def told(
    runtime: Runtime, router: Router, decision: RouteDecision, tries: Sequence[TryOutcome], *, accepted: bool
) -> None:
    """Raises StorageError."""
    outcome = RouteOutcome(decision_id=decision.id, tries=tuple(tries), verified=None if accepted else False)

    async def record() -> bool:
        await router.record(outcome)
        return True

    await runtime.step("route:told", bool, record)


async def settled(
    runtime: Runtime, router: Router, name: str, *, verified: bool, tasks: tuple[str, ...] | None = None
) -> None:
    """The verdict on the project: of the tasks that a repair begins with, or at the end of the run. `name` is unique
    in the run's flow. Raises StorageError."""

    async def settle() -> bool:
        await router.settle(runtime.run_id, verified=verified, tasks=tasks)
        return True

    await runtime.step(f"route:{name}", bool, settle)
