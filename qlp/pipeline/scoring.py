"""Scores a finished run: its evidence becomes features, a probability for this generator, and a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from qlp.confidence.features import FeatureValues, Kind, features_of
from qlp.confidence.model import load_model
from qlp.confidence.outcomes import Cell, Prediction
from qlp.confidence.score import score
from qlp.models import Confidence, Plan, Request, SourceFile, TaskResult, Verdict
from qlp.models._base import Frozen
from qlp.pipeline.choose import Choice
from qlp.pipeline.decide import Decided, decide_scored
from qlp.pipeline.runtime import Runtime
from qlp.pipeline.services import Services


class ScoredRun(Frozen):
    confidence: Confidence
    decided: Decided

    @property
    def summary(self) -> dict[str, Any]:
        """What the event says."""
        return {
            "probability": self.confidence.probability,
            "label": self.confidence.label,
            "decision": self.decided.decision,
            "because": self.decided.because,
            "threshold": self.decided.threshold,
        }


async def score_run(
    runtime: Runtime,
    services: Services,
    request: Request,
    plan: Plan,
    choice: Choice,
    results: Mapping[str, TaskResult],
    files: tuple[SourceFile, ...],
    verdict: Verdict,
    *,
    repair_rounds: int,
) -> ScoredRun:
    """One durable step; what was predicted is kept, so that an outcome can be told later. Raises StorageError."""

    async def step() -> ScoredRun:
        signals = _signals(results)
        features = features_of(
            verdict,
            given_tests=bool(request.tests),
            request_match=choice.match,
            sample_pass_fraction=_sample_pass_fraction(results),
            repair_rounds=repair_rounds,
            code_characters=_code_characters(plan, files),
            signals=signals,
        )
        kind = kind_of(signals)
        loaded = load_model(services.settings.home)
        tenant = await services.outcomes.tenant_of(runtime.run_id)
        cell = Cell(tenant=tenant, generator=plan.generator, language=plan.contract.language, kind=kind)
        known = await services.outcomes.known(cell, loaded)
        scored = score(loaded, features, kind, generator=plan.generator, known=known)
        await services.outcomes.predicted(
            Prediction(
                run_id=runtime.run_id,
                cell=cell,
                features=features,
                common_logit=scored.common_logit,
                probability=scored.confidence.probability,
                label=scored.confidence.label,
                model_digest=loaded.digest,
            )
        )
        policy = services.policy(request)
        threshold = await asyncio.to_thread(loaded.threshold, kind, policy.decision.target_error)
        return ScoredRun(
            confidence=scored.confidence,
            decided=decide_scored(verdict, scored.confidence, policy, threshold=threshold),
        )

    return await runtime.step("score", ScoredRun, step)


def kind_of(signals: FeatureValues) -> Kind:
    """By the evidence that there is: what was probed as one function is scored as one; everything else rests on its
    stages, tests and requests, as projects do."""
    return "function" if signals else "project"


def _signals(results: Mapping[str, TaskResult]) -> dict[str, float | None]:
    probed = [r.signals for r in results.values() if r.signals]
    return probed[0] if len(probed) == 1 else {}


def _sample_pass_fraction(results: Mapping[str, TaskResult]) -> float | None:
    """Over the accepted attempts that drew more than one candidate."""
    drawn = [a for r in results.values() for a in r.attempts if a.outcome == "accepted" and a.samples > 1]
    return sum(a.passing for a in drawn) / sum(a.samples for a in drawn) if drawn else None


def _code_characters(plan: Plan, files: tuple[SourceFile, ...]) -> int:
    code = {f.path for task in plan.tasks if task.kind == "code" for f in plan.files_of(task.id)}
    return sum(len(f.content) for f in files if f.path in code)
