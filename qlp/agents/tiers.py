"""Tiers T1 and T2: one model call that yields candidates for one task.

T1 is one shot: contract, task and upstream files. T2 repairs: besides these it sees the files of the failed try, the
findings and the real output of the failing command. Which tier is next is `loop.Escalation`'s decision; whether a
candidate is any good is decided by running it, which is not done here.
"""

from __future__ import annotations

from typing import NamedTuple

from qlp.agents.loop import MALFORMED_RULE
from qlp.agents.prompts import Prompt, load
from qlp.agents.samples import Candidates, read_samples
from qlp.agents.task_prompt import ROLES, bare_messages, task_messages
from qlp.config import ModelSettings
from qlp.errors import ProviderError
from qlp.models import Attempt, Finding, SourceFile, TaskResult, Tier
from qlp.pipeline.runtime import TaskInput
from qlp.providers.protocol import ChatOptions, Provider
from qlp.providers.reply import BAD_REPLY, usage_of


class Drawn(NamedTuple):
    """What one model call yielded: different candidates, how many samples were each, and the record."""

    candidates: Candidates
    votes: tuple[int, ...]
    record: Attempt


async def attempt(
    task_input: TaskInput,
    upstream: tuple[TaskResult, ...],
    provider: Provider,
    *,
    settings: ModelSettings,
    tier: Tier,
    idempotency_key: str,
    feedback: tuple[Finding, ...] = (),
    previous_files: tuple[SourceFile, ...] = (),
    output: str = "",
    n: int = 1,
) -> tuple[Candidates, Attempt]:
    """`draw` without its votes."""
    drawn = await draw(
        task_input,
        upstream,
        provider,
        settings=settings,
        tier=tier,
        idempotency_key=idempotency_key,
        feedback=feedback,
        previous_files=previous_files,
        output=output,
        n=n,
    )
    return drawn.candidates, drawn.record


async def draw(
    task_input: TaskInput,
    upstream: tuple[TaskResult, ...],
    provider: Provider,
    *,
    settings: ModelSettings,
    tier: Tier,
    idempotency_key: str,
    feedback: tuple[Finding, ...] = (),
    previous_files: tuple[SourceFile, ...] = (),
    output: str = "",
    n: int = 1,
    first: int = 0,
    patterns: tuple[SourceFile, ...] = (),
    prompt: Prompt | None = None,
) -> Drawn:
    """One model call -> at most `n` different candidates, each with exactly the task's files, and its record.

    `first` counts the samples of this attempt that were drawn before, so that a fixed seed moves on. `patterns` are
    files that were verified for requests like this one (T1). `prompt` replaces the role's own.

    The record's outcome is `malformed` if no sample could be read, else `rejected` with the reason
    "awaiting validation": the caller makes it `accepted` when the evidence is there.
    Raises ProviderError for an outage or a refused request (an answer that is none is a malformed attempt), and
    GenerationError if a `bare` model is given a task of several files.
    """
    task = task_input.plan.task(task_input.task_id)
    bare = settings.prompt_style == "bare"
    repairs = tier != "t1"
    told = bool(output) or any(f.rule != MALFORMED_RULE for f in feedback)
    independent = None if task.kind != "test" else not (repairs and told)
    previous = previous_files if repairs else ()
    ref = ""
    if bare:
        messages = bare_messages(task_input)
    else:
        prompt = prompt or load(ROLES[task.kind])
        ref = prompt.ref
        messages = task_messages(
            task_input,
            upstream,
            feedback=feedback if repairs else (),
            previous_files=previous,
            output=output if repairs else "",
            patterns=patterns,
            prompt=prompt,
        )
    try:
        answer = await provider.complete(messages, options_of(settings, n, first), idempotency_key=idempotency_key)
    except ProviderError as error:
        if error.extra.get("reason") != BAD_REPLY:
            raise
        lost = Attempt(
            tier=tier,
            model=provider.name,
            prompt=ref,
            outcome="malformed",
            reason=error.detail,
            usage=usage_of(error),
            independent=independent,
        )
        return Drawn((), (), lost)
    candidates, votes, reason = read_samples(
        answer, task_input.plan, task, bare=bare, previous=previous, max_tokens=settings.max_tokens
    )
    record = Attempt(
        tier=tier,
        model=answer.model,
        prompt=ref,
        outcome="rejected" if candidates else "malformed",
        reason=reason,
        usage=answer.usage,
        independent=independent,
    )
    return Drawn(candidates, votes, record)


def options_of(settings: ModelSettings, n: int = 1, first: int = 0) -> ChatOptions:
    """The settings' sampling. A seed among the extra fields counts on, or every wave would draw the same samples."""
    extra = dict(settings.extra_body)
    if first and isinstance(seed := extra.get("seed"), int):
        extra["seed"] = seed + first
    return ChatOptions(
        n=n,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        timeout_s=settings.timeout_s,
        extra_body=extra,
    )
