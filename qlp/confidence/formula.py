"""The first confidence: a documented formula over execution evidence, labelled `uncalibrated`.

P = 1 / (1 + exp(-(b + sum w_i x_i))). The weights stand in formula.json. They are chosen, not fitted: what was
executed weighs most, because lint and types say little about correctness. No feature is a constant of a tier or a
model: each is measured in this run. Until a fit on outcomes replaces it, read the number as an order, not as odds.
"""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files

from qlp.models import Confidence, Contribution, Verdict
from qlp.models._base import Frozen


class Features(Frozen):
    """What one run showed. Fractions are 0..1; `None` means that it was not measured and moves nothing."""

    tests_pass_fraction: float | None = None
    tests_log: float | None = None
    """log2(1 + tests passed)."""
    given_tests_pass: float | None = None
    """1 if all tests of the user passed, 0 if one failed; None if the user gave none."""
    smoke_pass_fraction: float | None = None
    smoke_log: float | None = None
    """log2(1 + smoke requests)."""
    runs_ok: float | None = None
    """1 if the program's own run printed what the contract promises."""
    types_clean: float | None = None
    security_clean: float | None = None
    sample_agreement: float | None = None
    """Share of the sampled candidates that passed the same checks as the chosen one (n > 1 only)."""
    request_match: float | None = None
    """Share of the request's wishes that the blueprint serves."""
    failed_stages: float = 0.0
    skipped_stages: float = 0.0
    repair_rounds: float = 0.0


@cache
def _formula() -> tuple[str, float, dict[str, float]]:
    data = json.loads(files("qlp.confidence").joinpath("formula.json").read_text("utf-8"))
    return f"{data['name']}@{data['version']}", data["intercept"], data["weights"]


def features_of(
    verdict: Verdict,
    *,
    given_tests: bool = False,
    request_match: float | None = None,
    sample_agreement: float | None = None,
    repair_rounds: int = 0,
) -> Features:
    tests = verdict.stage("tests")
    runtime = verdict.stage("runtime")
    passed = float(tests.facts.get("tests_passed", 0)) if tests else 0.0
    failed = float(tests.facts.get("tests_failed", 0)) if tests else 0.0
    ran_tests = tests is not None and tests.status in ("passed", "failed") and passed + failed > 0
    smoke = float(runtime.facts.get("smoke_requests", 0)) if runtime else 0.0
    smoke_failed = float(runtime.facts.get("smoke_failed", 0)) if runtime else 0.0
    programs = runtime is not None and "runs" in runtime.facts
    return Features(
        tests_pass_fraction=passed / (passed + failed) if ran_tests else None,
        tests_log=math.log2(1 + passed) if ran_tests else None,
        given_tests_pass=float(tests is not None and tests.status == "passed") if given_tests else None,
        smoke_pass_fraction=1 - smoke_failed / smoke if smoke else None,
        smoke_log=math.log2(1 + smoke) if smoke else None,
        runs_ok=float(runtime.status == "passed") if programs and runtime else None,
        types_clean=_clean(verdict, "types"),
        security_clean=_clean(verdict, "security"),
        sample_agreement=sample_agreement,
        request_match=request_match,
        failed_stages=float(sum(s.status in ("failed", "errored") for s in verdict.stages)),
        skipped_stages=float(sum(s.status == "skipped" for s in verdict.stages)),
        repair_rounds=float(repair_rounds),
    )


def _clean(verdict: Verdict, name: str) -> float | None:
    stage = next((s for s in verdict.stages if s.stage == name), None)
    return float(stage.status == "passed") if stage and stage.status in ("passed", "failed") else None


def confidence_of(features: Features) -> Confidence:
    name, intercept, weights = _formula()
    contributions = tuple(
        Contribution(feature=feature, value=round(value, 4), effect=round(weights[feature] * value, 4))
        for feature, value in features
        if value is not None and value != 0.0
    )
    logit = intercept + sum(c.effect for c in contributions)
    return Confidence(
        probability=round(1 / (1 + math.exp(-logit)), 4),
        label="uncalibrated",
        formula=name,
        contributions=tuple(sorted(contributions, key=lambda c: -abs(c.effect))),
    )
