"""Whole-project repair: what verification found goes back to the tasks that can mend it."""

from __future__ import annotations

from qlp.models import Analysis, Finding, Plan, Request, TaskResult, Verdict
from qlp.pipeline.routing import settled
from qlp.pipeline.runtime import Runtime, TaskInput
from qlp.routing.router import Router

REPAIR_ROUNDS = 2
"""Repairs of a model-written project before the run says that it failed."""


async def repair(
    runtime: Runtime,
    request: Request,
    analysis: Analysis,
    plan: Plan,
    results: dict[str, TaskResult],
    verdict: Verdict,
    round: int,
    *,
    router: Router | None = None,
) -> dict[str, TaskResult]:
    """Write again what the findings point at: the code, or in later rounds also the generated tests."""
    kinds = {"code"} if round == 1 else {"code", "test"}
    named = {f.file for f in verdict.findings if f.file}
    chosen = [
        t.id
        for t in plan.tasks
        if t.kind in kinds
        and results[t.id].attempts
        and (t.kind == "code" or {f.path for f in plan.files_of(t.id)} & named)
    ]
    if router is not None:
        await settled(runtime, router, f"repair:{round}", verified=False, tasks=tuple(chosen))
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
