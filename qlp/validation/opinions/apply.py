"""What opinions do to a verdict: shown at most three; one that a command confirms is a failed test like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qlp.models import Finding, Severity, StageResult, Verdict
from qlp.models.finding import SEVERITIES, at_least
from qlp.validation.judge import is_verified, required_stages
from qlp.validation.opinions.reproduce import Tried
from qlp.validation.policy import Policy

SHOWN = 3
_CAP: Severity = "low"
_ORDER = {"confirmed": 0, "unproven": 1, "refuted": 2}


def apply(verdict: Verdict, tried: Sequence[Tried], skipped: Mapping[str, str], policy: Policy) -> Verdict:
    """An opinion never makes a project verified; without evidence it never makes one unverified either."""
    ranked = sorted(tried, key=lambda t: (_ORDER[t.seen], -SEVERITIES.index(t.opinion.finding.severity)))
    shown = tuple(_finding(t) for t in ranked if t.seen != "confirmed")[:SHOWN]
    confirmed = [t for t in ranked if t.seen == "confirmed" and t.evidence is not None]
    changed = verdict.model_copy(
        update={"opinions": (*(_finding(t) for t in confirmed), *shown)[:SHOWN], "opinions_skipped": dict(skipped)}
    )
    return _with_failures(changed, confirmed, policy) if confirmed else changed


def _finding(tried: Tried) -> Finding:
    finding = tried.opinion.finding
    if tried.evidence is not None:
        return finding.model_copy(update={"evidence": tried.evidence.id})
    severity: Severity = "info" if tried.seen == "refuted" else finding.severity
    if at_least(severity, _CAP):
        severity = _CAP
    return finding.model_copy(update={"severity": severity, "message": f"{finding.message} ({tried.why})"})


def _with_failures(verdict: Verdict, confirmed: Sequence[Tried], policy: Policy) -> Verdict:
    """The tests stage fails if a confirmed finding is as severe as the policy asks for; the evidence stays anyway."""
    before = verdict.stage("tests") or StageResult(stage="tests", status="skipped", reason="no test was given")
    found = tuple(_finding(t) for t in confirmed)
    failing = any(at_least(f.severity, policy.stage("tests").fail_at) for f in found)
    after = before.model_copy(
        update={
            "status": "failed" if failing else before.status,
            "reason": "" if failing else before.reason,
            "applicable": failing or before.applicable,
            "findings": before.findings + found,
            "evidence": before.evidence + tuple(t.evidence for t in confirmed if t.evidence is not None),
            "facts": {**before.facts, "opinions_confirmed": len(found)},
        }
    )
    stages = tuple(after if s.stage == "tests" else s for s in verdict.stages)
    if verdict.stage("tests") is None:
        stages = (*stages, after)
    return verdict.model_copy(
        update={
            "stages": stages,
            "required": required_stages(stages, policy),
            "verified": verdict.verified and is_verified(stages, policy),
        }
    )
