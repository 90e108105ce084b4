"""The decision table: evidence first, then the promised error rate, then expected cost."""

from __future__ import annotations

import pytest

from qlp.models import Calibration, Confidence, StageResult, Verdict
from qlp.pipeline.decide import decide, decide_scored, expected_costs
from qlp.validation import Policy, load_policy
from qlp.validation.policy import DecisionPolicy

pytestmark = pytest.mark.unit


def verdict(verified: bool = True, **status: str) -> Verdict:
    stages = tuple(StageResult(stage=s, status=v) for s, v in (status or {"tests": "passed"}).items())  # type: ignore[arg-type]
    return Verdict(input_digest="sha256:0", stages=stages, required=("tests",), verified=verified)


def confidence(p: float, label: Calibration = "calibrated") -> Confidence:
    return Confidence(probability=p, label=label, formula="f@1", contributions=())


def policy(name: str = "development", **decision: object) -> Policy:
    base = load_policy(name)
    return base.model_copy(update={"decision": base.decision.model_copy(update=decision)})


@pytest.mark.parametrize("p", [0.0, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("stages", [{"tests": "failed"}, {"tests": "skipped"}, {"tests": "errored"}])
@pytest.mark.parametrize("name", ["prototype", "development", "production", "critical"])
@pytest.mark.parametrize("threshold", [None, 0.0])
def test_what_is_not_verified_is_never_accepted(
    p: float, stages: dict[str, str], name: str, threshold: float | None
) -> None:
    made = decide_scored(
        verdict(False, **stages), confidence(p), load_policy(name), threshold=threshold, repairs_left=1
    )
    assert made.decision != "accept"


def test_a_failure_is_repaired_while_repairs_are_left_and_then_rejected() -> None:
    failed = verdict(False, tests="failed")
    assert decide_scored(failed, confidence(0.9), policy(), threshold=0.5, repairs_left=1).decision == "repair"
    made = decide_scored(failed, confidence(0.9), policy(), threshold=0.5)
    assert made.decision == "reject"
    assert "tests" in made.because


def test_a_repair_that_costs_more_than_the_result_is_worth_is_not_made() -> None:
    dear = policy(repair_usd=100, reject_usd=50)
    assert (
        decide_scored(verdict(False, tests="failed"), confidence(0.9), dear, threshold=0.5, repairs_left=2).decision
        == "reject"
    )


def test_what_could_not_be_checked_is_reviewed_where_that_costs_least() -> None:
    unsure = verdict(False, tests="errored")
    likely = decide_scored(unsure, confidence(0.99), policy(), threshold=0.5)
    unlikely = decide_scored(unsure, confidence(0.7), policy(reject_usd=500), threshold=0.5)
    hopeless = decide_scored(unsure, confidence(0.01), policy(), threshold=0.5)
    assert (likely.decision, unlikely.decision, hopeless.decision) == ("ai_review", "human_review", "reject")


def test_a_calibrated_probability_has_to_reach_the_threshold() -> None:
    assert decide_scored(verdict(), confidence(0.97), policy(), threshold=0.96).decision == "accept"
    below = decide_scored(verdict(), confidence(0.95), policy(), threshold=0.96)
    assert below.decision in ("ai_review", "human_review")
    assert "0.96" in below.because


def test_where_no_threshold_keeps_the_promise_nothing_is_accepted() -> None:
    assert decide_scored(verdict(), confidence(0.999), policy(), threshold=None).decision in (
        "ai_review",
        "human_review",
    )


def test_an_uncalibrated_generator_is_accepted_by_its_evidence_only_where_the_policy_allows_it() -> None:
    new: Calibration = "uncalibrated for this model"
    lenient = decide_scored(verdict(), confidence(0.1, new), policy("development"), threshold=None)
    strict = decide_scored(verdict(), confidence(0.999, new), policy("production"), threshold=0.5)
    assert lenient.decision == "accept", "the evidence carries it, whatever an uncalibrated number says"
    assert strict.decision in ("ai_review", "human_review")


def test_a_policy_can_ask_for_a_person_every_time() -> None:
    assert decide_scored(verdict(), confidence(0.999), policy("critical"), threshold=0.5).decision == "human_review"


def test_a_risk_that_is_dearer_than_a_look_is_looked_at() -> None:
    dear = policy(wrong_accept_usd=1_000_000)
    assert decide_scored(verdict(), confidence(0.99), dear, threshold=0.9).decision == "human_review"


def test_costs_are_what_their_words_say() -> None:
    costs = expected_costs(0.9, DecisionPolicy())
    assert costs["accept"] == pytest.approx(50.0)
    assert costs["human_review"] == pytest.approx(25 + 0.1 * (0.9 * 0.05 + 0.1 * 500))
    assert costs["ai_review"] == pytest.approx(0.1 + 0.1 * (0.5 * 0.05 + 0.5 * 500))


def test_without_a_score_the_evidence_alone_decides() -> None:
    assert decide(verdict()) == "accept"
    assert decide(verdict(False, tests="failed")) == "reject"
    assert decide(verdict(False, tests="skipped")) == "unverified"
