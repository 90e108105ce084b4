"""Models' opinions on a verified project, where the policy asks for them: model calls and reproductions as steps."""

from __future__ import annotations

from qlp.errors import ProviderError
from qlp.models import Plan, Request, SourceFile, Usage, Verdict
from qlp.models._base import Frozen
from qlp.pipeline.model_calls import SteppedProvider
from qlp.pipeline.models import Available
from qlp.pipeline.runtime import Runtime
from qlp.pipeline.services import Services
from qlp.sandbox import limits_from
from qlp.validation.opinions.apply import apply
from qlp.validation.opinions.ask import NO_MODEL, ask_reviewers
from qlp.validation.opinions.protocol import Opinions
from qlp.validation.opinions.reproduce import Tried, try_all
from qlp.validation.policy import Policy, load_policy
from qlp.validation.project import Project


class Reviewed(Frozen):
    verdict: Verdict
    usage: Usage = Usage()


class _Tries(Frozen):
    tried: tuple[Tried, ...] = ()


async def reviewed(
    runtime: Runtime,
    services: Services,
    request: Request,
    plan: Plan,
    files: tuple[SourceFile, ...],
    verdict: Verdict,
    round: int,
) -> Reviewed:
    """The verdict with the reviewers' findings. Only a project that all tools passed is worth their price.

    Without a model, during an outage or beyond the budget it is the same verdict with the reason.
    """
    settings = services.settings
    if not verdict.verified:
        return Reviewed(verdict=verdict)

    async def rules() -> Policy:
        return load_policy(request.policy or settings.validation.policy, settings.home)

    policy = await runtime.step(f"opinions:{round}:policy", Policy, rules)  # a file that somebody may change
    if not policy.opinions:
        return Reviewed(verdict=verdict)

    async def models() -> Available:
        try:
            return await services.models.available()
        except ProviderError:
            return Available(default=None)  # an endpoint that does not answer reviews nothing

    available = await runtime.step(f"opinions:{round}:models", Available, models)
    if available.default is None:
        return Reviewed(verdict=apply(verdict, (), dict.fromkeys(policy.opinions, NO_MODEL), policy))
    project = Project(files, plan.contract)
    provider = SteppedProvider(runtime, services, request, "t1", available.default, optional=True)
    key = f"{runtime.run_id}:opinions:{round}"
    asked: Opinions = await ask_reviewers(
        policy.opinions, project, verdict, request.text, provider, settings.models, key=key
    )

    async def tries() -> _Tries:
        limits = limits_from(settings.sandbox)
        return _Tries(tried=await try_all(asked.opinions, project, services.sandbox, limits=limits))

    found = await runtime.step(f"opinions:{round}:reproduce", _Tries, tries)
    result = apply(verdict, found.tried, asked.skipped, policy)
    await runtime.emit(
        f"opinions:{round}",
        "run.stage.completed",
        {
            "round": round,
            "stage": "opinions",
            "status": "passed" if result.verified else "failed",
            "reason": "; ".join(f"{name}: {why}" for name, why in asked.skipped.items()),
            "findings": len(found.tried),
            "wall_s": 0.0,
            "facts": {"opinions": len(found.tried), "confirmed": sum(t.seen == "confirmed" for t in found.tried)},
        },
    )
    return Reviewed(verdict=result, usage=asked.usage)
