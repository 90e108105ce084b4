"""Who draws the candidates of a task: the models and prompts of an ensemble, or the task's tier alone."""

from __future__ import annotations

from dataclasses import dataclass

from qlp.agents.prompts import Prompt, load_variant
from qlp.errors import InputError
from qlp.models import Tier
from qlp.pipeline.task_context import TaskContext

_TIERS: dict[str, Tier] = {"t1": "t1", "t2": "t2", "t3": "t3"}


@dataclass(frozen=True)
class Member:
    """Who draws: a tier's model with a prompt. An ensemble has several."""

    tier: Tier
    prompt: Prompt | None = None


def members_of(context: TaskContext, tier: Tier) -> tuple[Member, ...]:
    """The ensemble of the settings for code; else the tier alone. Raises InputError for a prompt of another role."""
    named = context.services.settings.agents.ensemble if context.kind == "code" else ()
    if not named:
        return (Member(tier, context.prompt),)
    made = []
    for one in named:
        which, _, prompt = one.partition(":")
        if prompt and not prompt.startswith("implementer"):
            raise InputError(f"agents.ensemble: {prompt} is no prompt that writes code; qlp prompts list shows them")
        made.append(Member(_TIERS[which], load_variant(prompt) if prompt else None))
    return tuple(made)
