from __future__ import annotations

import pytest

from qlp.confidence import Features, confidence_of, features_of
from qlp.models import StageResult, Verdict

pytestmark = pytest.mark.unit


def verdict(**status: str) -> Verdict:
    stages = tuple(
        StageResult(stage=s, status=v, facts={"tests_passed": 10, "tests_failed": 0} if s == "tests" else {})  # type: ignore[arg-type]
        for s, v in status.items()
    )
    return Verdict(input_digest="sha256:0", stages=stages, verified=all(v == "passed" for v in status.values()))


def test_more_evidence_moves_the_probability_up() -> None:
    few = confidence_of(Features(tests_pass_fraction=1.0, tests_log=1.0)).probability
    many = confidence_of(Features(tests_pass_fraction=1.0, tests_log=5.0)).probability
    assert 0 < few < many < 1


def test_a_failed_stage_outweighs_clean_lint() -> None:
    good = confidence_of(features_of(verdict(syntax="passed", types="passed", tests="passed")))
    bad = confidence_of(features_of(verdict(syntax="passed", types="passed", tests="failed")))
    assert bad.probability < good.probability - 0.2


def test_what_was_not_measured_moves_nothing() -> None:
    named = {c.feature for c in confidence_of(features_of(verdict(syntax="passed"))).contributions}
    assert named == set()


def test_skipped_stages_lower_the_claim() -> None:
    all_ran = confidence_of(features_of(verdict(syntax="passed", tests="passed", security="passed")))
    skipped = confidence_of(features_of(verdict(syntax="passed", tests="passed", security="skipped")))
    assert skipped.probability < all_ran.probability


def test_it_says_that_it_is_not_calibrated_and_explains_itself() -> None:
    confidence = confidence_of(features_of(verdict(syntax="passed", tests="passed"), repair_rounds=2))
    assert confidence.label == "uncalibrated"
    assert confidence.formula == "evidence-logit@1"
    assert {c.feature: c.effect < 0 for c in confidence.contributions}["repair_rounds"]
