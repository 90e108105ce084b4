"""The way of a request: admit, analyse, choose, plan, execute, verify, score, decide, package."""

from __future__ import annotations

from datetime import UTC, datetime

from qlp.models import (
    Analysis,
    Outcome,
    Plan,
    Request,
    SourceFile,
    StageResult,
    StageSummary,
    TaskResult,
    Usage,
    Verdict,
)
from qlp.pipeline.admit import admit
from qlp.pipeline.analyse import analyse
from qlp.pipeline.assemble import assemble, topological
from qlp.pipeline.choose import Choice, choose_blueprint, choose_model
from qlp.pipeline.models import Available
from qlp.pipeline.opinions import reviewed
from qlp.pipeline.package import Packaged, package_capsule
from qlp.pipeline.planning import make_plan, plan_data
from qlp.pipeline.repair import REPAIR_ROUNDS, repair
from qlp.pipeline.routing import settled
from qlp.pipeline.runtime import Runtime, TaskInput
from qlp.pipeline.scoring import ScoredRun, score_run
from qlp.pipeline.services import Services
from qlp.pipeline.timing import Timed, clock, timed


async def run_pipeline(runtime: Runtime, services: Services, request: Request) -> Outcome:
    """Raises QLPError; every other outcome, also an unverified one, is an Outcome with a capsule."""
    request = admit(request, services.settings.runs, home=services.settings.home)
    analysis = analyse(request)
    began = await clock(runtime, "began")
    choice = choose_blueprint(request, analysis, services.settings.runs)
    model = ""
    if choice is None:
        available = await runtime.step("models", Available, services.models.available)
        choice = choose_model(request, analysis, services.settings.runs, model=available.default)
        model = available.default or ""
    await runtime.emit("analysis", "run.analysis.ready", _analysis_data(analysis, choice))

    planned = await make_plan(runtime, services, request, analysis, choice, model)
    plan = planned.plan
    planned_at = await clock(runtime, "planned")
    timings = {"plan": planned_at - began}
    await runtime.emit("plan", "run.plan.ready", plan_data(planned))

    results = await _execute(runtime, request, analysis, plan)
    verdict, round, asked = None, 0, Usage()
    while True:
        files = assemble(results.values())
        verified = await _verify(runtime, services, plan, files, round, request.policy)
        timings.setdefault("generate", verified.began - planned_at)
        timings["verify"] = timings.get("verify", 0.0) + verified.ended - verified.began
        opinions = await reviewed(runtime, services, request, plan, files, verified.value, round)
        verdict, asked = opinions.verdict, asked + opinions.usage
        if verdict.verified or choice.blueprint is not None or round == REPAIR_ROUNDS:
            break
        round += 1
        results = await repair(runtime, request, analysis, plan, results, verdict, round, router=services.router)

    if services.router is not None and choice.blueprint is None and _decided(verdict):
        await settled(runtime, services.router, "end", verified=verdict.verified)
    usage = sum((r.usage for r in results.values()), sum((a.usage for a in planned.attempts), asked))
    scored = await score_run(runtime, services, request, plan, choice, results, files, verdict, repair_rounds=round)
    confidence = scored.confidence
    await runtime.emit("confidence", "run.confidence.ready", scored.summary)
    created_at = datetime.fromtimestamp(await clock(runtime, "scored"), UTC)
    packaged = await package_capsule(
        runtime, services, request, analysis, planned, results, files, verdict, confidence, usage, created_at
    )
    timings["package"] = packaged.ended - packaged.began
    await runtime.emit("capsule", "run.capsule.ready", packaged.value.model_dump())
    return _outcome(verdict, scored, usage, packaged.value, plan, timings)


def _decided(verdict: Verdict) -> bool:
    """A stage that was skipped or broke says nothing about who wrote the code."""
    return verdict.verified or any(s.status == "failed" for s in verdict.stages)


async def _execute(runtime: Runtime, request: Request, analysis: Analysis, plan: Plan) -> dict[str, TaskResult]:
    order = topological(plan)
    for task_id in order:
        await runtime.start_task(
            TaskInput(run_id=runtime.run_id, request=request, analysis=analysis, plan=plan, task_id=task_id)
        )
    return {task_id: await runtime.task_result(task_id, 0) for task_id in order}


async def _verify(
    runtime: Runtime,
    services: Services,
    plan: Plan,
    files: tuple[SourceFile, ...],
    round: int,
    policy: str | None,
) -> Timed[Verdict]:
    async def told(stage: StageResult) -> None:
        summary = _summary(stage)
        await runtime.emit(
            f"stage:{round}:{stage.stage}", "run.stage.completed", {"round": round, **summary.model_dump()}
        )

    async def fresh() -> Verdict:
        return await services.validate(files, plan.contract, policy=policy, on_stage=told)

    return await timed(runtime, f"verify:{round}", Verdict, fresh)


def _summary(stage: StageResult) -> StageSummary:
    return StageSummary(
        stage=stage.stage,
        status=stage.status,
        reason=stage.reason,
        findings=len(stage.findings),
        wall_s=stage.wall_s,
        facts=stage.facts,
    )


def _outcome(
    verdict: Verdict,
    scored: ScoredRun,
    usage: Usage,
    packaged: Packaged,
    plan: Plan,
    timings: dict[str, float],
) -> Outcome:
    return Outcome(
        verified=verdict.verified,
        decision=scored.decided.decision,
        decided_because=scored.decided.because,
        stages=tuple(_summary(s) for s in verdict.stages),
        confidence=scored.confidence,
        usage=usage,
        capsule=packaged.file,
        capsule_digest=packaged.digest,
        generator=plan.generator,
        timings={name: round(seconds, 3) for name, seconds in timings.items()},
    )


def _analysis_data(analysis: Analysis, choice: Choice) -> dict[str, object]:
    spec = analysis.spec
    return {
        "project": spec.name,
        "kind": spec.kind,
        "language": spec.language,
        "entities": [e.name for e in spec.entities],
        "generator": choice.blueprint or "model",
        "reasons": list(choice.reasons),
        "assumptions": list(analysis.assumptions),
    }
