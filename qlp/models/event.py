from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from qlp.models._base import Frozen

EventType = Literal[
    "run.created",
    "run.in_progress",
    "run.analysis.ready",
    "run.plan.ready",
    "run.task.started",
    "run.task.completed",
    "run.task.failed",
    "run.repair.started",
    "run.stage.started",
    "run.stage.completed",
    "run.confidence.ready",
    "run.budget.warning",
    "run.input_required",
    "run.capsule.ready",
    "run.completed",
    "run.failed",
    "run.cancelled",
]
TERMINAL: frozenset[str] = frozenset({"run.completed", "run.failed", "run.cancelled", "run.input_required"})
"""Nothing follows until somebody acts: a cancelled run, or one that waits for its user, goes on when it is resumed."""


class Event(Frozen):
    """One entry of a run's append-only log; `sequence_number` counts from 1 within the run."""

    type: EventType
    sequence_number: int
    run_id: str
    created_at: datetime
    data: dict[str, Any] = {}
