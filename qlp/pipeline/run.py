"""The way of a request: admit, analyse, choose, plan, execute, verify, score, decide, package."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from qlp.agents.planner import plan as plan_by_model
from qlp.agents.planner import single_function_plan
from qlp.blueprints.registry import by_name
from qlp.capsule import assemble as capsule_contents
from qlp.capsule import write as write_capsule
from qlp.confidence import confidence_of, features_of
from qlp.models import (
    Analysis,
    Attempt,
    Confidence,
    Decision,
    Finding,
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
from qlp.models._base import Frozen
from qlp.pipeline.admit import admit
from qlp.pipeline.analyse import analyse
from qlp.pipeline.assemble import assemble, topological
from qlp.pipeline.choose import Choice, choose
from qlp.pipeline.decide import decide
from qlp.pipeline.runtime import Runtime, TaskInput
from qlp.pipeline.services import Services

T = TypeVar("T")

REPAIR_ROUNDS = 2
"""Whole-project repairs of model-written projects before the run says that it failed."""


class Timed(Frozen, Generic[T]):
    """A step's value and its wall clock (Unix seconds): inside the step, so that a replay reads the first times."""

    value: T
    began: float
    ended: float


class Planned(Frozen):
    plan: Plan
    attempts: tuple[Attempt, ...] = ()


class Packaged(Frozen):
    file: str
    digest: str


async def run_pipeline(runtime: Runtime, services: Services, request: Request) -> Outcome:
    """Raises QLPError; every other outcome, also an unverified one, is an Outcome with a capsule."""
    request = admit(request, services.settings.runs)
    analysis = analyse(request)
    timings: dict[str, float] = {}
    model = await runtime.step("models", str | None, services.models.default)  # type: ignore[arg-type]
    choice = choose(request, analysis, services.settings.runs, model=model)
    await runtime.emit("analysis", "run.analysis.ready", _analysis_data(analysis, choice))

    planned = await _timed(runtime, "plan", Planned, lambda: _plan(services, runtime.run_id, request, analysis, choice))
    plan = planned.value.plan
    timings["plan"] = planned.ended - planned.began
    await runtime.emit("plan", "run.plan.ready", _plan_data(plan, choice))

    results = await _execute(runtime, request, analysis, plan)
    verdict, round = None, 0
    while True:
        files = assemble(results.values())
        verified = await _verify(runtime, services, plan, files, round)
        timings["verify"] = timings.get("verify", 0.0) + verified.ended - verified.began
        timings.setdefault("generate", verified.began - planned.ended)
        verdict = verified.value
        if verdict.verified or choice.blueprint is not None or round == REPAIR_ROUNDS:
            break
        round += 1
        results = await _repair(runtime, request, analysis, plan, results, verdict, round)

    usage = sum((r.usage for r in results.values()), sum((a.usage for a in planned.value.attempts), Usage()))
    confidence = confidence_of(
        features_of(
            verdict,
            given_tests=bool(request.tests),
            request_match=choice.match,
            sample_agreement=_agreement(results),
            repair_rounds=round,
        )
    )
    decision = decide(verdict)
    scored = {"probability": confidence.probability, "label": confidence.label, "decision": decision}
    await runtime.emit("confidence", "run.confidence.ready", scored)
    packaged = await _package(
        runtime, services, request, analysis, planned.value, results, files, verdict, confidence, usage
    )
    timings["package"] = packaged.ended - packaged.began
    await runtime.emit("capsule", "run.capsule.ready", packaged.value.model_dump())
    return _outcome(verdict, decision, confidence, usage, packaged.value, plan, timings)


async def _timed(runtime: Runtime, name: str, returns: type[T], fn: Callable[[], Awaitable[T]]) -> Timed[T]:
    async def clocked() -> Timed[T]:
        began = time.time()
        value = await fn()
        return Timed[returns](value=value, began=began, ended=time.time())  # type: ignore[valid-type]

    return await runtime.step(name, Timed[returns], clocked)  # type: ignore[valid-type]


async def _plan(services: Services, run_id: str, request: Request, analysis: Analysis, choice: Choice) -> Planned:
    if choice.blueprint is not None:
        plan = by_name(choice.blueprint).plan(analysis)
        return Planned(plan=plan.model_copy(update={"assumptions": analysis.assumptions + plan.assumptions}))
    single = single_function_plan(request, analysis)
    if single is not None:
        return Planned(plan=single)
    provider = await services.provider("t1", request, run_id, f"{run_id}:plan")
    plan, attempts = await plan_by_model(request, analysis, provider, services.settings.models)
    return Planned(plan=plan, attempts=attempts)


async def _execute(runtime: Runtime, request: Request, analysis: Analysis, plan: Plan) -> dict[str, TaskResult]:
    order = topological(plan)
    for task_id in order:
        await runtime.start_task(
            TaskInput(run_id=runtime.run_id, request=request, analysis=analysis, plan=plan, task_id=task_id)
        )
    return {task_id: await runtime.task_result(task_id, 0) for task_id in order}


async def _repair(
    runtime: Runtime,
    request: Request,
    analysis: Analysis,
    plan: Plan,
    results: dict[str, TaskResult],
    verdict: Verdict,
    round: int,
) -> dict[str, TaskResult]:
    """Write again what the findings point at: the code, or in later rounds also the generated tests."""
    kinds = {"code"} if round == 1 else {"code", "test"}
    named = {f.file for f in verdict.findings if f.file}
    chosen = [
        t.id
        for t in plan.tasks
        if t.kind in kinds and results[t.id].attempts and (t.kind == "code" or {f.path for f in plan.files_of(t.id)} & named)
    ]
    feedback = _feedback(verdict)
    data = {"round": round, "tasks": chosen, "findings": len(feedback)}
    await runtime.emit(f"repair:{round}", "run.repair.started", data)
    for task_id in chosen:
        await runtime.start_task(
            TaskInput(
                run_id=runtime.run_id,
                request=request,
                analysis=analysis,
                plan=plan,
                task_id=task_id,
                round=round,
                previous=tuple(results.values()),
                feedback=feedback,
            )
        )
    repaired = {task_id: await runtime.task_result(task_id, round) for task_id in chosen}
    return {
        task_id: _with_history(result, repaired[task_id]) if task_id in repaired else result
        for task_id, result in results.items()
    }


def _with_history(before: TaskResult, after: TaskResult) -> TaskResult:
    return after.model_copy(update={"attempts": before.attempts + after.attempts})


def _feedback(verdict: Verdict) -> tuple[Finding, ...]:
    failed = [s for s in verdict.stages if s.status in ("failed", "errored")]
    return tuple(f for s in failed for f in s.findings if f.severity in ("medium", "high", "critical"))[:20]


async def _verify(
    runtime: Runtime, services: Services, plan: Plan, files: tuple[SourceFile, ...], round: int
) -> Timed[Verdict]:
    async def told(stage: StageResult) -> None:
        summary = _summary(stage)
        await runtime.emit(
            f"stage:{round}:{stage.stage}", "run.stage.completed", {"round": round, **summary.model_dump()}
        )

    return await _timed(
        runtime, f"verify:{round}", Verdict, lambda: services.validate(files, plan.contract, on_stage=told)
    )


async def _package(
    runtime: Runtime,
    services: Services,
    request: Request,
    analysis: Analysis,
    planned: Planned,
    results: dict[str, TaskResult],
    files: tuple[SourceFile, ...],
    verdict: Verdict,
    confidence: Confidence,
    usage: Usage,
) -> Timed[Packaged]:
    async def package() -> Packaged:
        contents = capsule_contents(
            run_id=runtime.run_id,
            request=request,
            analysis=analysis,
            plan=planned.plan,
            planning=planned.attempts,
            results=tuple(results.values()),
            files=files,
            verdict=verdict,
            confidence=confidence,
            usage=usage,
            created_at=services.now(),
        )
        path, digest = write_capsule(contents, services.signer, services.capsules)
        return Packaged(file=path.name, digest=digest)

    return await _timed(runtime, "package", Packaged, package)


def _agreement(results: dict[str, TaskResult]) -> float | None:
    """Share of sampled candidates that passed, over the accepted attempts that drew more than one."""
    drawn = [a for r in results.values() for a in r.attempts if a.outcome == "accepted" and a.samples > 1]
    return sum(a.passing for a in drawn) / sum(a.samples for a in drawn) if drawn else None


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
    decision: Decision,
    confidence: Confidence,
    usage: Usage,
    packaged: Packaged,
    plan: Plan,
    timings: dict[str, float],
) -> Outcome:
    return Outcome(
        verified=verdict.verified,
        decision=decision,
        stages=tuple(_summary(s) for s in verdict.stages),
        confidence=confidence,
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


def _plan_data(plan: Plan, choice: Choice) -> dict[str, object]:
    return {
        "generator": plan.generator,
        "language": plan.contract.language,
        "tasks": [{"id": t.id, "kind": t.kind, "title": t.title, "depends_on": list(t.depends_on)} for t in plan.tasks],
        "files": [f.path for f in plan.contract.files],
        "routes": len(plan.contract.routes),
        "assumptions": list(plan.assumptions),
    }
