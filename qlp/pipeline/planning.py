"""The plan of a run, and what it may take."""

from __future__ import annotations

from decimal import Decimal

from qlp.agents.architect import needs_architect, refine
from qlp.agents.planner import plan as plan_by_model
from qlp.agents.waves import waves
from qlp.blueprints.registry import by_name
from qlp.config import Settings
from qlp.models import Analysis, Attempt, Plan, Request, Tier
from qlp.models._base import Frozen
from qlp.models.plan import USER_TESTS
from qlp.pipeline.choose import Choice
from qlp.pipeline.model_calls import SteppedProvider
from qlp.pipeline.repair import REPAIR_ROUNDS
from qlp.pipeline.runtime import Runtime
from qlp.pipeline.services import Services


class Estimate(Frozen):
    """What the run may take, before it takes it. Prices are US dollars per million tokens; None is unknown."""

    model_calls_at_least: int = 0
    model_calls_at_most: int = 0
    usd_per_mtok_in: Decimal | None = None
    usd_per_mtok_out: Decimal | None = None
    cap_usd: Decimal | None = None


class Planned(Frozen):
    plan: Plan
    attempts: tuple[Attempt, ...] = ()
    estimate: Estimate = Estimate()


async def make_plan(
    runtime: Runtime, services: Services, request: Request, analysis: Analysis, choice: Choice, model: str
) -> Planned:
    if choice.blueprint is not None:
        plan = by_name(choice.blueprint).plan(analysis)
        assumed = tuple(dict.fromkeys(analysis.assumptions + plan.assumptions))
        return Planned(plan=plan.model_copy(update={"assumptions": assumed}))
    plan, attempts = await plan_by_model(
        request,
        analysis,
        SteppedProvider(runtime, services, request, "t1", model),
        settings=services.settings.models,
        idempotency_key=f"{runtime.run_id}:plan",
    )

    settings = services.settings
    if settings.models.prompt_style == "fenced" and needs_architect(plan, settings.agents.architect_tasks):
        architect = SteppedProvider(runtime, services, request, "t2", model, optional=True)
        key = f"{runtime.run_id}:architect"
        plan, record = await refine(plan, request, architect, settings=settings.models, tier="t2", key=key)
        attempts = (*attempts, record)

    async def estimate() -> Estimate:
        return await _estimate(services, request, plan)

    return Planned(plan=plan, attempts=attempts, estimate=await runtime.step("estimate", Estimate, estimate))


async def _estimate(services: Services, request: Request, plan: Plan) -> Estimate:
    _, price = await services.models.provider(request.tier or "t1")
    tasks = sum(t.id != USER_TESTS for t in plan.tasks)
    code = sum(t.kind in ("code", "test") and t.id != USER_TESTS for t in plan.tasks)
    attempts = services.settings.models.max_attempts
    each = calls_at_most(services.settings, request.tier or "t1")
    return Estimate(
        model_calls_at_least=tasks,
        model_calls_at_most=(tasks + code * (each - 1)) * attempts + REPAIR_ROUNDS * code * each * attempts,
        usd_per_mtok_in=price.cost(input_tokens=1_000_000, output_tokens=0),
        usd_per_mtok_out=price.cost(input_tokens=0, output_tokens=1_000_000),
        cap_usd=services.cap(request),
    )


def calls_at_most(settings: Settings, tier: Tier) -> int:
    """Model calls of one attempt at a code task: waves of candidates, tests to rank them, steps of a shell agent."""
    agents, members = settings.agents, len(settings.agents.ensemble) or 1
    total = max(settings.models.n, members)
    drawn = len(waves(total, members)) * members if agents.early_stopping else members
    drawn += total > 1 and agents.cross_tests > 0
    in_shell = agents.steps + (agents.critic is not None)
    if tier == "t3":
        return in_shell
    return max(drawn, in_shell) if settings.tiers.t3.model else drawn


def plan_data(planned: Planned) -> dict[str, object]:
    plan = planned.plan
    return {
        "generator": plan.generator,
        "language": plan.contract.language,
        "tasks": [{"id": t.id, "kind": t.kind, "title": t.title, "depends_on": list(t.depends_on)} for t in plan.tasks],
        "files": [f.path for f in plan.contract.files],
        "routes": len(plan.contract.routes),
        "assumptions": list(plan.assumptions),
        "estimate": planned.estimate.model_dump(mode="json"),
    }
