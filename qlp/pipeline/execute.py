"""One task from its dependencies to its files: rendered by a blueprint, or written by a model and judged by execution."""

from __future__ import annotations

import asyncio

from qlp.agents.loop import Escalation, fingerprint
from qlp.agents.tiers import Sampled, attempt
from qlp.blueprints.registry import by_name
from qlp.errors import GenerationError
from qlp.models import Attempt, Finding, SourceFile, Stage, TaskResult, Tier, Verdict
from qlp.models._base import Frozen
from qlp.pipeline.assemble import USER_TESTS, assemble, broken_promises, given_tests
from qlp.pipeline.runtime import Runtime, TaskInput
from qlp.pipeline.services import Services


class Judged(Frozen):
    """What checking one candidate showed."""

    accepted: bool
    findings: tuple[Finding, ...] = ()
    score: tuple[int, int] = (0, 0)
    """Stages passed, tests passed: ranks candidates of which none is accepted."""


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
            result = await _by_model(runtime, services, task, upstream)
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


async def _by_model(
    runtime: Runtime, services: Services, task: TaskInput, upstream: tuple[TaskResult, ...]
) -> TaskResult:
    escalation = Escalation(
        allowed=_tiers(task), max_attempts=services.settings.models.max_attempts
    )
    previous = next((r.files for r in task.previous if r.task_id == task.task_id), ())
    feedback = task.feedback
    attempts: list[Attempt] = []
    tier = escalation.first(repairing=bool(task.round))
    number = 0
    while tier is not None:
        sampled = await _sample(runtime, services, task, upstream, tier, feedback, previous, number)
        judged = await asyncio.gather(
            *(
                _judge(runtime, services, task, upstream, files, f"check:{number}:{i}")
                for i, files in enumerate(sampled.candidates)
            )
        )
        passing = [i for i, j in enumerate(judged) if j.accepted]
        if passing:
            counts = {"outcome": "accepted", "samples": len(judged), "passing": len(passing)}
            attempts.append(sampled.attempt.model_copy(update=counts))
            return TaskResult(
                task_id=task.task_id,
                files=sampled.candidates[passing[0]],
                attempts=tuple(attempts),
                findings=judged[passing[0]].findings,
            )
        if judged:
            best = max(range(len(judged)), key=lambda i: judged[i].score)
            previous, feedback = sampled.candidates[best], judged[best].findings
            reason = "; ".join(f.message.splitlines()[0] for f in feedback[:3])
            attempts.append(sampled.attempt.model_copy(update={"outcome": "rejected", "reason": reason}))
        else:
            reason = sampled.attempt.reason
            feedback = (Finding(rule="malformed-answer", severity="high", message=reason),)
            attempts.append(sampled.attempt)
        tier = escalation.after(tier, fingerprint(feedback))
        number += 1
        if tier is not None:
            repair = {"task": task.task_id, "attempt": number, "tier": tier, "reason": reason}
            await runtime.emit(f"task:{task.round}:{task.task_id}:repair:{number}", "run.repair.started", repair)
    raise GenerationError(
        f"task {task.task_id}: {len(attempts)} attempts failed ({escalation.stopped}); the last one: {reason}",
        task=task.task_id,
        attempts=[a.model_dump(mode="json") for a in attempts],
        findings=[f.model_dump(mode="json") for f in feedback[:3]],
    )


def _tiers(task: TaskInput) -> tuple[Tier, ...]:
    return (task.request.tier,) if task.request.tier in ("t1", "t2") else ("t1", "t2")


async def _sample(
    runtime: Runtime,
    services: Services,
    task: TaskInput,
    upstream: tuple[TaskResult, ...],
    tier: Tier,
    feedback: tuple[Finding, ...],
    previous: tuple[SourceFile, ...],
    number: int,
) -> Sampled:
    """One model call, durable: a replay reads its answer back instead of paying for it again."""
    key = f"{task.run_id}:{task.round}:{task.task_id}:{number}"

    async def call() -> Sampled:
        return await attempt(
            task,
            upstream,
            await services.provider(tier, task.request, task.run_id, key),
            tier,
            services.settings.models,
            feedback=feedback,
            previous=previous,
            idempotency_key=key,
        )

    return await runtime.step(f"model:{number}", Sampled, call)


async def _judge(
    runtime: Runtime,
    services: Services,
    task: TaskInput,
    upstream: tuple[TaskResult, ...],
    candidate: tuple[SourceFile, ...],
    name: str,
) -> Judged:
    async def check() -> Judged:
        broken = broken_promises(task.plan, task.task_id, candidate)
        if broken:
            findings = tuple(Finding(rule="contract", severity="high", message=b) for b in broken)
            return Judged(accepted=False, findings=findings)
        stages = _stages_of(task, upstream, candidate)
        if not stages:
            return Judged(accepted=True)
        files = assemble([*upstream, TaskResult(task_id=task.task_id, files=candidate, attempts=())])
        return _judgement(await services.validate(files, task.plan.contract, stages=stages))

    return await runtime.step(name, Judged, check)


def _judgement(verdict: Verdict) -> Judged:
    passed = sum(s.status == "passed" for s in verdict.stages)
    tests = verdict.stage("tests")
    return Judged(
        accepted=verdict.verified,
        findings=verdict.findings
        or tuple(
            Finding(rule=f"{s.stage}-{s.status}", severity="high", message=s.reason)
            for s in verdict.stages
            if s.status != "passed"
        ),
        score=(passed, int(tests.facts.get("tests_passed", 0)) if tests else 0),
    )


def _stages_of(
    task: TaskInput, upstream: tuple[TaskResult, ...], candidate: tuple[SourceFile, ...]
) -> tuple[Stage, ...]:
    """Code is parsed at once; tests run as soon as all code and at least one test file are there."""
    planned = task.plan.task(task.task_id)
    if planned.kind not in ("code", "test"):
        return ()
    there = {f.path for r in upstream for f in r.files} | {f.path for f in candidate}
    kind_of = {t.id: t.kind for t in task.plan.tasks}
    code = {f.path for f in task.plan.contract.files if kind_of[f.task] == "code"}
    tests = {f.path for f in task.plan.contract.files if kind_of[f.task] == "test"}
    return ("syntax", "tests") if code <= there and tests & there else ("syntax",)
