"""One task, from its dependencies to its files: rendered by a blueprint, or made by a model in one of its tiers."""

from __future__ import annotations

from dataclasses import replace

from qlp.agents.loop import Escalation, malformed_finding
from qlp.agents.prompts import load_variant
from qlp.agents.task_prompt import ROLES
from qlp.blueprints.registry import by_name
from qlp.errors import GenerationError
from qlp.models import Attempt, TaskResult, Tier
from qlp.models.plan import USER_TESTS
from qlp.pipeline.assemble import broken_promises, given_tests
from qlp.pipeline.candidates import draw_candidates
from qlp.pipeline.routing import routed, told, try_outcome
from qlp.pipeline.runtime import Runtime, TaskInput
from qlp.pipeline.services import Services
from qlp.pipeline.shell_task import work_in_shell
from qlp.pipeline.task_context import Before, TaskContext, Tried
from qlp.routing.decision import RouteDecision, TryOutcome


async def run_task(runtime: Runtime, services: Services, task: TaskInput) -> TaskResult:
    """Raises GenerationError when every allowed attempt failed."""
    key = f"task:{task.round}:{task.task_id}"
    upstream = await _upstream(runtime, task)
    planned = task.plan.task(task.task_id)
    about = {"task": task.task_id, "kind": planned.kind, "title": planned.title, "round": task.round}
    await runtime.emit(f"{key}:started", "run.task.started", about)
    try:
        if task.task_id == USER_TESTS:
            result = TaskResult(task_id=USER_TESTS, files=given_tests(task.request), attempts=())
        elif task.plan.generator.startswith("blueprint:"):
            result = await _by_blueprint(runtime, task)
        else:
            result = await _by_model(TaskContext(runtime, services, task, upstream))
    except GenerationError as error:
        await runtime.emit(f"{key}:failed", "run.task.failed", {**about, "detail": error.detail})
        raise
    done = {**about, "files": [f.path for f in result.files], "attempts": len(result.attempts)}
    await runtime.emit(f"{key}:completed", "run.task.completed", done)
    return result


async def _upstream(runtime: Runtime, task: TaskInput) -> tuple[TaskResult, ...]:
    """In a repair round the other tasks' files of the round before are all visible."""
    if task.round:
        return tuple(r for r in task.previous if r.task_id != task.task_id)
    depends_on = task.plan.task(task.task_id).depends_on
    return tuple([await runtime.task_result(d, 0) for d in depends_on])


async def _by_blueprint(runtime: Runtime, task: TaskInput) -> TaskResult:
    name = task.plan.generator.removeprefix("blueprint:")

    async def render() -> TaskResult:
        files = by_name(name).render(task.analysis, task.plan, task.task_id)
        problems = broken_promises(task.plan, task.task_id, files)
        if problems:
            raise GenerationError(f"blueprint {name} broke its contract: {'; '.join(problems)}")
        made = Attempt(tier="t0", model=task.plan.generator, prompt="", outcome="accepted")
        return TaskResult(task_id=task.task_id, files=files, attempts=(made,))

    return await runtime.step("render", TaskResult, render)


async def _by_model(context: TaskContext) -> TaskResult:
    """Attempts up the ladder of tiers, each fed with what the one before left behind."""
    task, runtime, router = context.task, context.runtime, context.services.router
    decision: RouteDecision | None = None
    tries: list[TryOutcome] = []
    if router is not None:
        decision = await routed(runtime, router, task, context.services.outcomes.tenant_of)
        words = decision.prompts.get(ROLES[context.kind])
        prompt = load_variant(words) if words else None
        context = replace(context, ladder=decision.ladder, n=decision.n, models=decision.swapped, prompt=prompt)
    escalation = _escalation(context)
    previous = next((r.files for r in task.previous if r.task_id == task.task_id), ())
    before = Before(previous, task.feedback)
    attempts: list[Attempt] = []
    number = 0
    while (tier := escalation.next()) is not None:
        tried = await _try(context, tier, number, before)
        attempts += tried.records
        number += 1
        if decision is not None:
            tries.append(try_outcome(decision, tries, tier, tried.records, accepted=tried.accepted))
        if tried.accepted:
            if router is not None and decision is not None:
                await told(runtime, router, decision, tries, accepted=True)
            return TaskResult(
                task_id=task.task_id,
                files=tried.files,
                attempts=tuple(attempts),
                findings=tried.findings,
                signals=tried.signals or {},
            )
        if tried.files:
            before = Before(tried.files, tried.findings, tried.output)
        else:  # nothing new to repair: the files before are still the best there are
            before = replace(before, findings=(malformed_finding(attempts[-1]),), output="")
        escalation = escalation.after(tier, before.findings)
        if escalation.next() is not None:
            again = {"task": task.task_id, "attempt": number, "tier": escalation.next(), "reason": attempts[-1].reason}
            await runtime.emit(f"task:{task.round}:{task.task_id}:repair:{number - 1}", "run.repair.started", again)
    if router is not None and decision is not None:
        await told(runtime, router, decision, tries, accepted=False)
    raise GenerationError(
        f"task {task.task_id}: {escalation.reason}; the last one: {attempts[-1].reason}",
        task=task.task_id,
        attempts=[a.model_dump(mode="json") for a in attempts],
        findings=[f.model_dump(mode="json") for f in before.findings[:3]],
    )


def _escalation(context: TaskContext) -> Escalation:
    settings = context.services.settings
    escalation = Escalation.start(
        forced=context.task.request.tier,
        max_attempts=settings.models.max_attempts,
        # An agent in a shell is dear: it is a rung only where somebody said which model serves it.
        top="t3" if settings.tiers.t3.model else "t2",
        routed=context.ladder,
    )
    if context.task.round:  # there is something to repair already
        repairing = tuple(t for t in escalation.ladder if t != "t1")
        escalation = escalation.model_copy(update={"ladder": repairing or escalation.ladder})
    return escalation


async def _try(context: TaskContext, tier: Tier, number: int, before: Before) -> Tried:
    # Prose needs no shell, and the author of tests must not see the code: those are written in one go at every tier.
    shell = context.kind == "code" and context.services.settings.models.prompt_style == "fenced"
    if tier == "t3" and shell:
        return await work_in_shell(context, number, before)
    return await draw_candidates(context, tier, number, before)
