"""Makes the plan of a run: known shapes without a model, else a model's JSON plan, checked and sent back if wrong."""

from __future__ import annotations

from typing import get_args

from qlp.agents.commands import MANIFESTS
from qlp.agents.fallback_plan import fallback_plan
from qlp.agents.plan_check import check_plan
from qlp.agents.plan_draft import read_plan
from qlp.agents.prompts import Prompt, data_tag, load, toolset
from qlp.agents.single_function import single_function_plan
from qlp.agents.user_tests import in_language_of_tests
from qlp.config import ModelSettings
from qlp.errors import NoGeneratorError, ProviderError
from qlp.models import Analysis, Attempt, Plan, ProjectKind, Request
from qlp.models.plan import USER_TESTS
from qlp.providers.protocol import ChatOptions, Message, Provider
from qlp.providers.reply import BAD_REPLY, usage_of

__all__ = ["TRIES", "check_plan", "fallback_plan", "plan", "single_function_plan"]

TRIES = 3
"""One answer and two corrections; then the fallback plan."""
_PROMPT_TASKS = 12
_REASON_CHARS = 400


async def plan(
    request: Request, analysis: Analysis, provider: Provider, *, settings: ModelSettings, idempotency_key: str
) -> tuple[Plan, tuple[Attempt, ...]]:
    """A plan that passes `check_plan`, and the model calls that it took (none for a single function).

    Call i goes out under `<idempotency_key>:<i>`: a provider that remembers answers by key makes this replayable.
    Raises InputError (the user's tests do not parse, or are in another language than asked), NoGeneratorError
    (`bare` models cannot plan) and ProviderError for an outage; answers that are none only cost a try.
    """
    generator = f"model:{provider.name}"
    analysis = in_language_of_tests(request, analysis)
    single = single_function_plan(request, analysis, generator=generator)
    if single is not None:
        return single, ()
    if settings.prompt_style == "bare":
        raise NoGeneratorError(
            "models.prompt_style is `bare`: such a model writes one file and cannot plan a project. Send a single "
            "function with tests that import one module, or set QLP_MODELS__PROMPT_STYLE=fenced"
        )
    prompt = load("planner")
    attempts: list[Attempt] = []
    errors: list[str] = []
    for i in range(TRIES):
        messages = plan_messages(prompt, request, analysis, errors)
        result, attempt = await _ask(prompt, messages, request, analysis, provider, settings, f"{idempotency_key}:{i}")
        attempts.append(attempt)
        if isinstance(result, Plan):
            return result, tuple(attempts)
        errors = result
    reason = f"{TRIES} tries; the last: {'; '.join(errors)}"[:_REASON_CHARS]
    return fallback_plan(request, analysis, generator=generator, reason=reason), tuple(attempts)


def plan_messages(
    prompt: Prompt, request: Request, analysis: Analysis, errors: list[str] | tuple[str, ...] = ()
) -> tuple[Message, ...]:
    spec = analysis.spec
    understood = spec.model_dump_json(exclude={"summary"}, exclude_defaults=True)
    return prompt.render(
        language=spec.language,
        toolset=toolset(spec.language),
        kinds=", ".join(get_args(ProjectKind)),
        max_tasks=_PROMPT_TASKS,
        manifest=MANIFESTS[spec.language],
        request=request.text,
        understood=understood,
        tag=data_tag([request.text, understood, *request.tests.values()]),
        user_tests=dict(sorted(request.tests.items())),
        user_tests_task=USER_TESTS,
        errors=list(errors),
    )


async def _ask(
    prompt: Prompt,
    messages: tuple[Message, ...],
    request: Request,
    analysis: Analysis,
    provider: Provider,
    settings: ModelSettings,
    key: str,
) -> tuple[Plan | list[str], Attempt]:
    options = ChatOptions(
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        timeout_s=settings.timeout_s,
        extra_body=settings.extra_body,
    )
    try:
        answer = await provider.complete(messages, options, idempotency_key=key)
    except ProviderError as error:
        if error.extra.get("reason") != BAD_REPLY:
            raise
        lost = Attempt(
            tier="t1",
            model=provider.name,
            prompt=prompt.ref,
            outcome="malformed",
            reason=error.detail,
            usage=usage_of(error),
        )
        return [error.detail], lost
    result = read_plan(answer.texts[0], request, analysis, generator=f"model:{answer.model}")
    if isinstance(result, list) and answer.cut[0]:
        result = ["the answer was cut off at the token limit; plan fewer tasks and write shorter instructions", *result]
    refused = isinstance(result, list)
    attempt = Attempt(
        tier="t1",
        model=answer.model,
        prompt=prompt.ref,
        outcome="rejected" if refused else "accepted",
        reason="plan: " + "; ".join(result)[:_REASON_CHARS] if isinstance(result, list) else "",
        usage=answer.usage,
    )
    return result, attempt
