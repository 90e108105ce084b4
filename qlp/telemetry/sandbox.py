"""What a node's sandboxes tell about themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from qlp.sandbox.work import AcquirePath, RecycleReason

JobOutcome = Literal["ok", "failed", "timed_out", "oom", "refused", "error", "cancelled"]
"""`failed`: the program did not end with 0. `refused`: the work itself was wrong, or the queue was full. `error`: the
sandbox broke."""

ACQUIRE_SECONDS = "qlp_sandbox_acquire_seconds"
ACQUIRE_BUCKETS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
JOBS_TOTAL = "qlp_sandbox_jobs_total"
RECYCLED_TOTAL = "qlp_sandbox_recycled_total"
WAITING = "qlp_sandbox_waiting"
BUSY = "qlp_sandbox_busy"
SESSIONS = "qlp_sandbox_sessions"
WARM = "qlp_sandbox_warm"


@dataclass(frozen=True)
class Gauges:
    """How things stand now."""

    waiting: int = 0
    """Jobs in the queue."""
    busy: int = 0
    sessions: int = 0
    warm: Mapping[str, int] = field(default_factory=dict)
    """Ready sandboxes by profile; a profile that was told once is told again when it has none."""


class SandboxMetrics(Protocol):
    """Called from the event loop of the pool: cheap, and never raises."""

    def acquired(self, path: AcquirePath, seconds: float) -> None:
        """A caller got its sandbox. Hit rate = warm / (warm + cold)."""

    def job(self, outcome: JobOutcome) -> None: ...

    def recycled(self, reason: RecycleReason) -> None: ...

    def gauges(self, now: Gauges) -> None: ...
