"""One task, from its dependencies to its files: rendered by a blueprint, or written by a model and executed."""

from __future__ import annotations

import asyncio

from qlp.agents.loop import Escalation, malformed_finding
from qlp.agents.tiers import attempt
from qlp.blueprints.registry import by_name
from qlp.errors import GenerationError
from qlp.models import Attempt, Finding, SourceFile, Stage, TaskResult, Verdict
from qlp.models._base import Frozen
from qlp.models.plan import USER_TESTS
from qlp.pipeline.assemble import assemble, broken_promises, given_tests
from qlp.pipeline.model_calls import SteppedProvider
from qlp.pipeline.probed import best_of
from qlp.pipeline.runtime import Runtime, TaskInput
from qlp.pipeline.services import Services


class Judged(Frozen):
    """What checking one candidate showed."""

    accepted: bool
    findings: tuple[Finding, ...] = ()
    score: tuple[int, int] = (0, 0)
    """Stages passed, tests passed: ranks candidates of which none is accepted."""
    output: str = ""
    """What the failing commands printed, for the agent that repairs."""


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
    settings = services.settings.models
    escalation = Escalation.start(forced=task.request.tier, max_attempts=settings.max_attempts)
    if task.round:  # there is something to repair already
        escalation = escalation.model_copy(update={"ladder": escalation.ladder[-1:]})
    previous = next((r.files for r in task.previous if r.task_id == task.task_id), ())
    worst = Judged(accepted=False, findings=task.feedback)
    attempts: list[Attempt] = []
    while (tier := escalation.next()) is not None:
        number = len(attempts)
        key = f"{task.run_id}:{task.round}:{task.task_id}:{number}"
        candidates, record = await attempt(
            task,
            upstream,
            SteppedProvider(runtime, services, task.request, tier, task.plan.generator.removeprefix("model:")),
            settings=settings,
            tier=tier,
            idempotency_key=key,
            feedback=worst.findings,
            previous_files=previous,
            output=worst.output,
            n=settings.n if task.plan.task(task.task_id).kind == "code" else 1,
        )
        judged = await asyncio.gather(
            *(_judge(runtime, services, task, upstream, c, f"check:{number}:{i}") for i, c in enumerate(candidates))
        )
        passing = [i for i, j in enumerate(judged) if j.accepted]
        if passing:
            won = {"outcome": "accepted", "reason": "", "samples": len(judged), "passing": len(passing)}
            probed = await best_of(runtime, services, task, candidates, passing, task.plan.generator, f"probe:{number}")
            return TaskResult(
                task_id=task.task_id,
                files=candidates[probed.best],
                attempts=(*attempts, record.model_copy(update=won)),
                findings=judged[probed.best].findings,
                signals=probed.signals,
            )
        if judged:
            best = max(range(len(judged)), key=lambda i: judged[i].score)
            previous, worst = candidates[best], judged[best]
            reason = "; ".join(f.message.splitlines()[0] for f in worst.findings[:3])
            record = record.model_copy(update={"reason": reason, "samples": len(judged)})
        else:
            worst = Judged(accepted=False, findings=(malformed_finding(record),))
        attempts.append(record)
        escalation = escalation.after(tier, worst.findings)
        if escalation.next() is not None:
            again = {"task": task.task_id, "attempt": number + 1, "tier": escalation.next(), "reason": record.reason}
            await runtime.emit(f"task:{task.round}:{task.task_id}:repair:{number}", "run.repair.started", again)
    raise GenerationError(
        f"task {task.task_id}: {escalation.reason}; the last one: {attempts[-1].reason}",
        task=task.task_id,
        attempts=[a.model_dump(mode="json") for a in attempts],
        findings=[f.model_dump(mode="json") for f in worst.findings[:3]],
    )


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
        scope = f"run {task.run_id}"
        policy = task.request.policy
        verdict = await services.validate(files, task.plan.contract, stages=stages, policy=policy, scope=scope)
        return _judgement(verdict)

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
        output="\n".join(f"$ {' '.join(e.argv)}\n{e.stdout}{e.stderr}" for e in verdict.evidence if not e.ok)[-8000:],
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
