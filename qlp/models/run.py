from __future__ import annotations

from datetime import datetime
from typing import Literal

from qlp.models._base import Frozen
from qlp.models.confidence import Confidence, Decision
from qlp.models.request import Request
from qlp.models.usage import Usage

RunStatus = Literal["queued", "working", "input_required", "completed", "failed", "cancelled"]


LOCAL_TENANT = "local"
"""Tenant of the command line and of the first key."""


class Problem(Frozen):
    """Why a run failed: an error of qlp.errors as data."""

    code: str
    detail: str
    retryable: bool = False
    extra: dict[str, object] = {}


class StageSummary(Frozen):
    stage: str
    status: str
    reason: str = ""
    findings: int = 0
    wall_s: float = 0.0
    facts: dict[str, int | float | str] = {}


class Outcome(Frozen):
    """What a finished run has to show; the capsule holds the rest."""

    verified: bool
    decision: Decision
    decided_because: str = ""
    """Why this decision, in one sentence."""
    stages: tuple[StageSummary, ...]
    confidence: Confidence
    usage: Usage
    capsule: str
    """File name of the capsule in the capsule store."""
    capsule_digest: str
    generator: str
    timings: dict[str, float]
    """Seconds by pipeline step."""


class Run(Frozen):
    schema_version: Literal[1] = 1
    id: str
    object: Literal["run"] = "run"
    status: RunStatus
    tenant: str
    request: Request
    created_at: datetime
    updated_at: datetime
    outcome: Outcome | None = None
    problem: Problem | None = None
