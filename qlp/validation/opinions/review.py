"""Opinions for /v1/validate and the command line: outside of a run, so with a budget entry of their own."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qlp.config import Settings
from qlp.errors import ProviderError
from qlp.models import InterfaceContract, SourceFile, Verdict
from qlp.sandbox import limits_from
from qlp.sandbox.protocol import SandboxBackend
from qlp.validation.opinions.apply import apply
from qlp.validation.opinions.ask import NO_MODEL, ask_reviewers
from qlp.validation.opinions.protocol import Opinion, Opinions
from qlp.validation.opinions.registry import reviewers
from qlp.validation.opinions.reproduce import Tried, try_all
from qlp.validation.policy import Policy
from qlp.validation.project import Project

if TYPE_CHECKING:
    from qlp.pipeline.model_stack import ModelStack

_GRACE_S = 30.0
"""How much longer than one model call all reviewers together may take."""


class ModelReview:
    """Implements `Review` (qlp/validation/asked.py) with the configured model of tier T1."""

    def __init__(self, backend: SandboxBackend, stack: ModelStack, settings: Settings) -> None:
        self._backend = backend
        self._stack = stack
        self._settings = settings

    async def __call__(
        self,
        files: Sequence[SourceFile],
        contract: InterfaceContract,
        verdict: Verdict,
        *,
        policy: Policy,
        requirements: str,
        tenant: str,
    ) -> Verdict:
        names = policy.opinions or tuple(reviewers())
        project = Project(tuple(files), contract)
        asked = await self._ask(names, project, verdict, requirements, tenant)
        tried = await self._try(asked.opinions, project, tenant)
        return apply(verdict, tried, asked.skipped, policy)

    async def _ask(
        self, names: Sequence[str], project: Project, verdict: Verdict, requirements: str, tenant: str
    ) -> Opinions:
        from qlp.budget import Spender
        from qlp.pipeline.model_stack import Purse

        try:
            if (await self._stack.models.available()).default is None:
                return Opinions(skipped=dict.fromkeys(names, NO_MODEL))
            key = f"val_{secrets.token_hex(8)}"
            cap = self._settings.runs.max_cost_usd
            provider = await self._stack.tier("t1", Purse(key, cap, Spender(tenant=tenant)))
            async with asyncio.timeout(self._settings.models.timeout_s + _GRACE_S):
                return await ask_reviewers(
                    names, project, verdict, requirements, provider, self._settings.models, key=key
                )
        except ProviderError as error:
            return Opinions(skipped=dict.fromkeys(names, f"the model did not answer: {error.detail}"))
        except TimeoutError:
            return Opinions(skipped=dict.fromkeys(names, "the model did not answer in time"))

    async def _try(self, opinions: Sequence[Opinion], project: Project, tenant: str) -> tuple[Tried, ...]:
        limits = limits_from(self._settings.sandbox)
        return await try_all(opinions, project, self._backend, limits=limits, tenant=tenant)
