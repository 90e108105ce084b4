"""A verdict as those see it who asked for it: with what is to be done, and where the files came from."""

from __future__ import annotations

from typing import Literal

from qlp.models import Verdict
from qlp.validation.intake.project import Origin
from qlp.validation.policy import Policy

Report = Literal["sarif", "junit"]
Ruling = Literal["accept", "reject", "unverified"]


class Validation(Verdict):
    """A verdict, and what follows from it."""

    object: Literal["validation"] = "validation"
    decision: Ruling
    """`accept`: verified. `reject`: a stage that blocks failed. `unverified`: something could not be checked."""
    origin: Origin
    report: str | None = None
    """The same as SARIF or JUnit, where that was asked for."""


def ruling(verdict: Verdict, policy: Policy) -> Ruling:
    """Of the evidence alone: there is no confidence in files whose author is unknown."""
    if verdict.verified:
        return "accept"
    failed = any(s.status == "failed" and policy.stage(s.stage).blocks for s in verdict.stages)
    return "reject" if failed else "unverified"


def as_validation(verdict: Verdict, policy: Policy, origin: Origin) -> Validation:
    fields = {name: getattr(verdict, name) for name in Verdict.model_fields}
    return Validation(**fields, decision=ruling(verdict, policy), origin=origin)
