"""From evidence to a decision; no model's words have a say here."""

from __future__ import annotations

from qlp.models import Decision, Verdict


def decide(verdict: Verdict) -> Decision:
    """`accept` what is verified, `reject` what failed a stage, `unverified` what could not be checked."""
    if verdict.verified:
        return "accept"
    return "reject" if any(s.status == "failed" for s in verdict.stages) else "unverified"
