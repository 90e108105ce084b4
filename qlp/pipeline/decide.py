"""From evidence and confidence to a decision; no model's words have a say here.

Evidence comes first: what is not verified is never accepted, whatever its probability. Then the promise: a calibrated
probability must reach the threshold that keeps the policy's error rate (qlp.confidence.risk); an uncalibrated one is
no ground for accepting, so that a policy has to allow it, and then the evidence alone carries it. What remains is
routed to where it is expected to cost least.
"""

from __future__ import annotations

from decimal import Decimal

from qlp.models import Confidence, Decision, Verdict
from qlp.models._base import Frozen
from qlp.validation import DecisionPolicy, Policy

_REVIEWS: tuple[Decision, ...] = ("ai_review", "human_review")


class Decided(Frozen):
    """`costs` are expected US dollars of the ways that were open."""

    decision: Decision
    because: str
    threshold: float | None = None
    """Smallest probability that the policy's error rate allows to accept; None where no threshold keeps it."""
    costs: dict[Decision, float] = {}


def decide(verdict: Verdict) -> Decision:
    """By the evidence alone, where nothing has been scored: `accept` what is verified, `reject` what failed a stage,
    `unverified` what could not be checked."""
    if verdict.verified:
        return "accept"
    return "reject" if any(s.status == "failed" for s in verdict.stages) else "unverified"


def decide_scored(
    verdict: Verdict, confidence: Confidence, policy: Policy, *, threshold: float | None, repairs_left: int = 0
) -> Decided:
    """`threshold` is the model's for the policy's target error; `repairs_left` how often it may still be mended."""
    rules = policy.decision
    costs = expected_costs(confidence.probability, rules)
    if not verdict.verified:
        return _unverified(verdict, policy, costs, threshold, repairs_left)
    reviews: dict[Decision, float] = {way: costs[way] for way in _REVIEWS}
    if rules.require_human:
        return Decided(
            decision="human_review", because=f"{policy.name}: a person sees every result", threshold=threshold
        )
    if confidence.label != "calibrated":
        if rules.accept_uncalibrated:
            return Decided(
                decision="accept",
                because=f"verified; {policy.name} goes by the evidence while the confidence is {confidence.label}",
                threshold=threshold,
            )
        why = f"verified, but the confidence is {confidence.label}"
        return _cheapest(reviews, why, threshold)
    if threshold is None:
        return _cheapest(reviews, f"no threshold keeps {rules.target_error:.1%} wrong", threshold)
    if confidence.probability < threshold:
        why = f"{confidence.probability:.2f} is below {threshold:.2f}, the threshold for {rules.target_error:.1%} wrong"
        return _cheapest(reviews, why, threshold)
    if costs["human_review"] < costs["accept"]:
        why = f"a wrong one costs ${rules.wrong_accept_usd}, a look ${rules.human_review_usd}"
        return Decided(decision="human_review", because=why, threshold=threshold, costs=costs)
    why = f"{confidence.probability:.2f} reaches {threshold:.2f}, the threshold for {rules.target_error:.1%} wrong"
    return Decided(decision="accept", because=why, threshold=threshold, costs=costs)


def expected_costs(probability: float, rules: DecisionPolicy) -> dict[Decision, float]:
    """US dollars. A review costs itself, a repair of what it finds, and the wrong ones that it misses."""
    wrong = Decimal(str(1 - probability))

    def review(price: Decimal, catches: float) -> Decimal:
        found = Decimal(str(catches))
        return price + wrong * (found * rules.repair_usd + (1 - found) * rules.wrong_accept_usd)

    costs: dict[Decision, Decimal] = {
        "accept": wrong * rules.wrong_accept_usd,
        "ai_review": review(rules.ai_review_usd, rules.ai_review_catches),
        "human_review": review(rules.human_review_usd, rules.human_review_catches),
        "repair": rules.repair_usd,
        "reject": rules.reject_usd,
    }
    return {way: round(float(cost), 4) for way, cost in costs.items()}


def _unverified(
    verdict: Verdict, policy: Policy, costs: dict[Decision, float], threshold: float | None, repairs_left: int
) -> Decided:
    failed = [s.stage for s in verdict.stages if s.status == "failed" and policy.stage(s.stage).blocks]
    if failed:
        open_ways: dict[Decision, float] = {"reject": costs["reject"]}
        if repairs_left > 0:
            open_ways["repair"] = costs["repair"]
        return _cheapest(open_ways, f"failed: {', '.join(failed)}", threshold)
    ways: dict[Decision, float] = {**{way: costs[way] for way in _REVIEWS}, "reject": costs["reject"]}
    unsure = [s.stage for s in verdict.stages if s.status in ("skipped", "errored") and s.stage in verdict.required]
    return _cheapest(ways, f"could not be checked: {', '.join(unsure) or 'a required stage'}", threshold)


def _cheapest(ways: dict[Decision, float], because: str, threshold: float | None) -> Decided:
    cheapest = min(ways, key=lambda way: ways[way])
    return Decided(
        decision=cheapest,
        because=f"{because}; expected to cost ${ways[cheapest]:.2f}",
        threshold=threshold,
        costs=ways,
    )
