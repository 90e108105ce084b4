"""Metrics kept in this process: for one-process use and for tests."""

from __future__ import annotations

from collections import Counter

from qlp.sandbox.work import AcquirePath, RecycleReason
from qlp.telemetry.sandbox import Gauges, JobOutcome

_KEPT = 1000


class MemorySandboxMetrics:
    """Implements `SandboxMetrics`."""

    def __init__(self) -> None:
        self.acquisitions: Counter[AcquirePath] = Counter()
        self.acquire_s: list[float] = []
        """The latest acquisitions, seconds."""
        self.jobs: Counter[JobOutcome] = Counter()
        self.recycles: Counter[RecycleReason] = Counter()
        self.now = Gauges()

    def acquired(self, path: AcquirePath, seconds: float) -> None:
        self.acquisitions[path] += 1
        self.acquire_s = [*self.acquire_s[1 - _KEPT :], seconds]

    def job(self, outcome: JobOutcome) -> None:
        self.jobs[outcome] += 1

    def recycled(self, reason: RecycleReason) -> None:
        self.recycles[reason] += 1

    def gauges(self, now: Gauges) -> None:
        self.now = now
