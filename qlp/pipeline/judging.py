"""Whether a candidate is any good: the contract is read, then it is parsed and tested in a sandbox."""

from __future__ import annotations

from qlp.models import Finding, SourceFile, Stage, TaskResult, Verdict
from qlp.models._base import Frozen
from qlp.pipeline.assemble import assemble, broken_promises
from qlp.pipeline.task_context import TaskContext

_OUTPUT_CHARS = 8000


class Judged(Frozen):
    """What checking one candidate showed."""

    accepted: bool
    findings: tuple[Finding, ...] = ()
    score: tuple[int, int] = (0, 0)
    """Stages passed, tests passed: ranks candidates of which none is accepted."""
    output: str = ""
    """What the failing commands printed, for the agent that repairs."""
    tested: bool = False
    """Whether tests were run, and not only the syntax checked."""


async def judge(context: TaskContext, candidate: tuple[SourceFile, ...], name: str) -> Judged:
    """One durable step. Raises SandboxError."""

    async def check() -> Judged:
        task = context.task
        broken = broken_promises(task.plan, task.task_id, candidate)
        if broken:
            findings = tuple(Finding(rule="contract", severity="high", message=b) for b in broken)
            return Judged(accepted=False, findings=findings)
        stages = stages_of(context, candidate)
        if not stages:
            return Judged(accepted=True)
        verdict = await context.services.validate(
            together(context, candidate),
            task.plan.contract,
            stages=stages,
            policy=task.request.policy,
            scope=f"run {task.run_id}",
        )
        return _judgement(verdict)

    return await context.runtime.step(name, Judged, check)


def together(context: TaskContext, candidate: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """The project as far as it is there, with this candidate."""
    return assemble([*context.upstream, TaskResult(task_id=context.task.task_id, files=candidate, attempts=())])


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
        output="\n".join(f"$ {' '.join(e.argv)}\n{e.stdout}{e.stderr}" for e in verdict.evidence if not e.ok)[
            -_OUTPUT_CHARS:
        ],
        tested=tests is not None,
    )


def stages_of(context: TaskContext, candidate: tuple[SourceFile, ...]) -> tuple[Stage, ...]:
    """Code is parsed at once; tests run as soon as all code and at least one test file are there."""
    if context.kind not in ("code", "test"):
        return ()
    plan = context.task.plan
    there = {f.path for f in context.given} | {f.path for f in candidate}
    kind_of = {t.id: t.kind for t in plan.tasks}
    code = {f.path for f in plan.contract.files if kind_of[f.task] == "code"}
    tests = {f.path for f in plan.contract.files if kind_of[f.task] == "test"}
    return ("syntax", "tests") if code <= there and tests & there else ("syntax",)
