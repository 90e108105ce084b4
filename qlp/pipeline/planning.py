"""The plan of a run, and what it may take."""

from __future__ import annotations

from decimal import Decimal

from qlp.agents.planner import plan as plan_by_model
from qlp.blueprints.registry import by_name
from qlp.models import Analysis, Attempt, Plan, Request
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

    async def estimate() -> Estimate:
        return await _estimate(services, request, plan)

    return Planned(plan=plan, attempts=attempts, estimate=await runtime.step("estimate", Estimate, estimate))


async def _estimate(services: Services, request: Request, plan: Plan) -> Estimate:
    provider = await services.guarded(request.tier or "t1", request, "")
    tasks = sum(t.id != USER_TESTS for t in plan.tasks)
    code = sum(t.kind in ("code", "test") and t.id != USER_TESTS for t in plan.tasks)
    attempts = services.settings.models.max_attempts
    return Estimate(
        model_calls_at_least=tasks,
        model_calls_at_most=tasks * attempts + REPAIR_ROUNDS * code * attempts,
        usd_per_mtok_in=provider.price.cost(input_tokens=1_000_000, output_tokens=0),
        usd_per_mtok_out=provider.price.cost(input_tokens=0, output_tokens=1_000_000),
        cap_usd=provider.cap_usd,
    )


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
