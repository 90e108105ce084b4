"""One prompt on one task: asked once, run once. The model's price and the caller's cap hold as in a run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from jinja2 import UndefinedError

from qlp.agents.prompts import Prompt
from qlp.agents.single_function import single_function_plan
from qlp.agents.tiers import draw
from qlp.config import ModelSettings
from qlp.errors import InputError, ProviderError, SandboxError
from qlp.evaluation.tasks import EvalTask
from qlp.models import InterfaceContract, Plan, SourceFile, Usage, Verdict
from qlp.models._base import Frozen
from qlp.pipeline.analyse import analyse
from qlp.pipeline.assemble import given_tests
from qlp.pipeline.runtime import TaskInput
from qlp.providers.protocol import Provider

AT_ONCE = 2
Judge = Callable[[tuple[SourceFile, ...], InterfaceContract], Awaitable[Verdict]]
"""Runs the tests of a project in a sandbox."""


class Trial(Frozen):
    variant: str
    prompt: str
    """`name@sha256-prefix`."""
    task: str
    repetition: int
    outcome: Literal["passed", "failed", "malformed", "error"]
    """`error`: the model or the sandbox failed; it says nothing about the prompt."""
    reason: str = ""
    usage: Usage = Usage()


async def run_trials(
    variants: dict[str, Prompt],
    tasks: Sequence[EvalTask],
    provider: Provider,
    judge: Judge,
    *,
    settings: ModelSettings,
    key: str,
    repetitions: int = 1,
    on_trial: Callable[[Trial], None] = lambda trial: None,
) -> tuple[Trial, ...]:
    """Every variant on every task, in an order that takes turns, so that a drift of the model hits all alike.

    Raises InputError for a prompt that cannot be rendered for a code task, BudgetExceededError.
    """
    if settings.prompt_style == "bare":
        raise InputError("with models.prompt_style=bare no prompt is sent, so there is nothing to compare")
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(variant: str, task: EvalTask, repetition: int) -> Trial:
        async with gate:
            trial = await _trial(variant, variants[variant], task, repetition, provider, judge, settings, key)
        on_trial(trial)
        return trial

    asked = [(v, t, r) for r in range(repetitions) for t in tasks for v in variants]
    return tuple(await _all([one(*each) for each in asked]))


async def _all(work: Sequence[Awaitable[Trial]]) -> list[Trial]:
    """The first error ends the others: no call is paid for a result that nobody gets."""
    waiting = [asyncio.ensure_future(w) for w in work]
    try:
        return list(await asyncio.gather(*waiting))
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _trial(
    variant: str,
    prompt: Prompt,
    task: EvalTask,
    repetition: int,
    provider: Provider,
    judge: Judge,
    settings: ModelSettings,
    key: str,
) -> Trial:
    made = Trial(variant=variant, prompt=prompt.ref, task=task.id, repetition=repetition, outcome="error")
    plan = plan_of(task)
    request = task.as_request()
    given = TaskInput(run_id=key, request=request, analysis=analyse(request), plan=plan, task_id="code")
    try:
        drawn = await draw(
            given,
            (),
            provider,
            settings=settings,
            tier="t1",
            idempotency_key=f"{key}:{prompt.ref}:{task.id}:{repetition}",
            first=repetition,
            prompt=prompt,
        )
        usage = drawn.record.usage
        if not drawn.candidates:
            update = {"outcome": "malformed", "reason": drawn.record.reason, "usage": usage}
            return made.model_copy(update=update)
        verdict = await judge((*drawn.candidates[0], *given_tests(request)), plan.contract)
    except UndefinedError as error:
        raise InputError(f"the prompt {variant} cannot be used for a code task: {error}") from None
    except (ProviderError, SandboxError) as error:
        return made.model_copy(update={"reason": error.detail})
    reason = next((f.message.splitlines()[0] for f in verdict.findings), "")
    outcome = "passed" if verdict.verified else "failed"
    return made.model_copy(update={"outcome": outcome, "reason": reason, "usage": usage})


def plan_of(task: EvalTask) -> Plan:
    """Raises InputError for a task that is not one function."""
    request = task.as_request()
    analysis = analyse(request)
    # The set says that it is a function: what else an analysis reads into the words does not matter here.
    spec = analysis.spec.model_copy(update={"kind": "function", "entities": (), "framework": None})
    plan = single_function_plan(request, analysis.model_copy(update={"spec": spec}), generator="model:eval")
    if plan is None:
        raise InputError(f"the tests of task {task.id} must import exactly one module, the one to be written")
    return plan
