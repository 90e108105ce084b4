from __future__ import annotations

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

    def stage(self, name: Stage) -> StageResult | None:
        return next((s for s in self.stages if s.stage == name), None)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        return tuple(e for s in self.stages for e in s.evidence)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for s in self.stages for f in s.findings)
