"""A node's sandbox metrics where Ray exports them: /metrics of the node's agent."""

from __future__ import annotations

from ray.util.metrics import Counter, Gauge, Histogram

from qlp.sandbox.work import AcquirePath, RecycleReason
from qlp.telemetry import sandbox as names
from qlp.telemetry.sandbox import Gauges, JobOutcome


class RaySandboxMetrics:
    """Implements `qlp.telemetry.SandboxMetrics`."""

    def __init__(self, node: str) -> None:
        tags = {"node": node}
        buckets = list(names.ACQUIRE_BUCKETS_S)
        self._acquire = Histogram(
            names.ACQUIRE_SECONDS, "From the request to a sandbox of its own", buckets, ("node", "path")
        )
        self._jobs = Counter(names.JOBS_TOTAL, "Jobs by how they ended", ("node", "outcome"))
        self._recycled = Counter(names.RECYCLED_TOTAL, "Sandboxes destroyed, by reason", ("node", "reason"))
        self._waiting = Gauge(names.WAITING, "Jobs in the queue", ("node",))
        self._busy = Gauge(names.BUSY, "Sandboxes that run a job", ("node",))
        self._sessions = Gauge(names.SESSIONS, "Open sessions", ("node",))
        self._warm = Gauge(names.WARM, "Ready sandboxes", ("node", "profile"))
        for metric in (
            self._acquire, self._jobs, self._recycled, self._waiting, self._busy, self._sessions, self._warm
        ):  # fmt: skip
            metric.set_default_tags(tags)

    def acquired(self, path: AcquirePath, seconds: float) -> None:
        self._acquire.observe(seconds, {"path": path})

    def job(self, outcome: JobOutcome) -> None:
        self._jobs.inc(1, {"outcome": outcome})

    def recycled(self, reason: RecycleReason) -> None:
        self._recycled.inc(1, {"reason": reason})

    def gauges(self, now: Gauges) -> None:
        self._waiting.set(now.waiting)
        self._busy.set(now.busy)
        self._sessions.set(now.sessions)
        for profile, count in now.warm.items():
            self._warm.set(count, {"profile": profile})
