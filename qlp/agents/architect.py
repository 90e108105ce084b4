"""The architect: settles what the authors of a larger plan must agree on, before any of them writes a line."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qlp.agents.fences import read_blocks
from qlp.agents.plan_check import check_plan
from qlp.agents.prompts import data_tag, load
from qlp.agents.tiers import options_of
from qlp.config import ModelSettings
from qlp.errors import BudgetExceededError, ProviderError
from qlp.models import Attempt, Plan, PublicName, Request, Tier
from qlp.models.plan import USER_TESTS
from qlp.providers.protocol import Provider
from qlp.providers.reply import BAD_REPLY, usage_of

_NOTES_CHARS = 4000


class _Answer(BaseModel):
    """Models add keys of their own; those are ignored."""

    model_config = ConfigDict(extra="ignore")

    names: list[dict[str, Any]] = Field(default_factory=list, max_length=300)
    notes: str = ""


def needs_architect(plan: Plan, tasks: int) -> bool:
    """From so many code tasks on: fewer authors agree by the planner's names alone."""
    return sum(t.kind == "code" for t in plan.tasks) >= tasks


async def refine(
    plan: Plan, request: Request, provider: Provider, *, settings: ModelSettings, tier: Tier, key: str
) -> tuple[Plan, Attempt]:
    """The plan with a sharper contract, or the same plan where the answer cannot be used; and the model call.

    Tasks, files and commands stay as they are; no promised name is lost. Raises ProviderError for an outage.
    """
    prompt = load("architect")
    texts = [request.text, *(t.instructions for t in plan.tasks)]
    tasks = [t for t in plan.tasks if t.id != USER_TESTS]
    messages = prompt.render(request=request.text, tasks=tasks, contract=plan.contract, tag=data_tag(texts))
    try:
        answer = await provider.complete(messages, options_of(settings), idempotency_key=key)
    except ProviderError as error:
        if error.extra.get("reason") != BAD_REPLY:
            raise
        lost = Attempt(
            tier=tier,
            model=provider.name,
            prompt=prompt.ref,
            outcome="malformed",
            reason=f"architect: {error.detail}",
            usage=usage_of(error),
        )
        return plan, lost
    except BudgetExceededError as error:  # the plan is good enough to go on with
        return plan, Attempt(
            tier=tier, model=provider.name, prompt=prompt.ref, outcome="rejected", reason=f"architect: {error.detail}"
        )
    refined = _refined(plan, answer.texts[0])
    good = isinstance(refined, Plan)
    record = Attempt(
        tier=tier,
        model=answer.model,
        prompt=prompt.ref,
        outcome="accepted" if good else "rejected",
        reason="" if isinstance(refined, Plan) else f"architect: {refined}",
        usage=answer.usage,
    )
    return (refined if isinstance(refined, Plan) else plan), record


def _refined(plan: Plan, text: str) -> Plan | str:
    """The plan, or why the answer cannot be used."""
    answer = _read(text)
    if answer is None:
        return "the answer holds no JSON object with `names`"
    names: dict[tuple[str, str], PublicName] = {(n.file, n.name): n for n in plan.contract.names}
    given = plan.contract.given
    for row in answer.names:
        try:
            name = PublicName.model_validate({k: v for k, v in row.items() if k in PublicName.model_fields})
        except ValidationError:
            return f"one of its names has not the form that was asked for: {str(row)[:120]}"
        if name.file not in given:
            names[name.file, name.name] = name
    notes = "\n".join(part for part in (plan.contract.notes, answer.notes.strip()[:_NOTES_CHARS]) if part)
    contract = plan.contract.model_copy(update={"names": tuple(names.values()), "notes": notes})
    refined = plan.model_copy(update={"contract": contract})
    problems = check_plan(refined)
    return "; ".join(problems[:3]) if problems else refined


def _read(text: str) -> _Answer | None:
    for source in ["\n".join(b.lines) for b in read_blocks(text)] + [text]:
        start = source.find("{")
        try:
            value, _ = json.JSONDecoder().raw_decode(source, start) if start >= 0 else (None, 0)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and "names" in value:
            try:
                return _Answer.model_validate(value)
            except ValidationError:
                continue
    return None
