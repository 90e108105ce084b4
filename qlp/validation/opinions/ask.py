"""Asks the reviewers: all at once, each with its reason if it says nothing. An outage is neither a pass nor a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from qlp.config import ModelSettings
from qlp.errors import BudgetExceededError, NoGeneratorError, ProviderError, UnpricedModelError
from qlp.models import Usage, Verdict
from qlp.providers.protocol import ChatOptions, Message, Provider
from qlp.validation.opinions.answer import UnreadableAnswerError
from qlp.validation.opinions.protocol import Opinion, Opinions
from qlp.validation.opinions.registry import reviewers
from qlp.validation.project import Project

_TEMPERATURE = 0.0
NO_MODEL = "no model is configured"


class ProviderModel:
    """Implements `Model` over a provider, whose budget and deadline hold."""

    def __init__(self, provider: Provider, settings: ModelSettings, key: str) -> None:
        self._provider = provider
        self._key = key
        self._options = ChatOptions(
            temperature=_TEMPERATURE,
            max_tokens=settings.max_tokens,
            timeout_s=settings.timeout_s,
            extra_body=settings.extra_body,
        )
        self.usage = Usage()

    @property
    def name(self) -> str:
        return self._provider.name

    async def ask(self, messages: tuple[Message, ...], *, key: str) -> str:
        answer = await self._provider.complete(messages, self._options, idempotency_key=f"{self._key}:{key}")
        self.usage += answer.usage
        return answer.texts[0]


async def ask_reviewers(
    names: Sequence[str],
    project: Project,
    verdict: Verdict,
    requirements: str,
    provider: Provider,
    settings: ModelSettings,
    *,
    key: str,
) -> Opinions:
    """Never raises for a model's sake: what cannot be asked is in `skipped`."""
    model = ProviderModel(provider, settings, key)

    async def one(name: str) -> tuple[Opinion, ...] | str:
        reviewer = reviewers().get(name)
        if reviewer is None:
            return f"no such reviewer is installed; there are {', '.join(reviewers())}"
        try:
            return await reviewer.review(project, verdict, requirements, model)
        except (BudgetExceededError, UnpricedModelError) as error:
            return f"the budget: {error.detail}"
        except UnreadableAnswerError as error:
            return error.detail
        except (ProviderError, NoGeneratorError) as error:
            return f"the model did not answer: {error.detail}"

    said = await asyncio.gather(*(one(name) for name in names))
    by_name = list(zip(names, said, strict=True))
    return Opinions(
        opinions=tuple(o for _, found in by_name if not isinstance(found, str) for o in found),
        skipped={name: found for name, found in by_name if isinstance(found, str)},
        usage=model.usage,
    )
