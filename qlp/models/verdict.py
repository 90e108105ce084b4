from __future__ import annotations

from datetime import datetime
from typing import Literal

from qlp.models._base import Frozen
from qlp.models.evidence import Evidence
from qlp.models.finding import Finding

Stage = Literal["syntax", "style", "types", "security", "tests", "runtime"]
STAGES: tuple[Stage, ...] = ("syntax", "style", "types", "security", "tests", "runtime")


class StageResult(Frozen):
    """passed, failed (with findings), skipped (with a reason) or errored (the checker itself broke)."""

    stage: Stage
    status: Literal["passed", "failed", "skipped", "errored"]
    reason: str = ""
    applicable: bool = True
    """False for a stage that this kind of project cannot have, such as types of plain JavaScript."""
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    wall_s: float = 0.0
    facts: dict[str, int | float | str] = {}
    """Measured counts, such as tests_passed, tests_failed, smoke_requests."""


class Verdict(Frozen):
    """All stages over one set of files.

    `verified` holds only if every required stage passed; a skipped or errored stage never counts as passed.
    """

    input_digest: str
    stages: tuple[StageResult, ...]
    required: tuple[Stage, ...] = ("syntax", "tests", "runtime")
    verified: bool
    policy: str = ""
    """`name@version` of the policy that said what is required."""
    policy_digest: str = ""
    toolchain_digest: str = ""
    """sha256 over the images, the tools' versions and the rules that were used."""
    opinions: tuple[Finding, ...] = ()
    """What models think, at most three shown; never a reason for `verified`."""
    opinions_skipped: dict[str, str] = {}
    """Reviewer -> why it said nothing (no model, an outage, the budget): neither a pass nor a failure."""
    cached_at: datetime | None = None
    """Set when this verdict was reached earlier, on the same content with the same tools and policy."""

    def stage(self, name: Stage) -> StageResult | None:
        return next((s for s in self.stages if s.stage == name), None)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        return tuple(e for s in self.stages for e in s.evidence)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for s in self.stages for f in s.findings)
