"""What callers ask of a node's sandboxes and what they get: one shape for the pool, the actor and HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from qlp.models import LOCAL_TENANT, Isolation
from qlp.models._base import Frozen
from qlp.sandbox.protocol import IsolationMode, Job, JobResult, Limits

AcquirePath = Literal["warm", "cold"]
"""`warm`: a sandbox of the pool was ready. `cold`: one had to be made while the caller waited."""

RecycleReason = Literal["strict", "tenant", "oom", "late", "lost", "check", "jobs", "age", "idle", "room", "drain"]
"""Why a sandbox was destroyed: single use; wanted by another tenant; the kernel killed for memory; a reply came too
late; the connection broke; the check after a job failed; served enough jobs; too old; unused; room was needed; end."""


class Work(Frozen):
    """One job for a node's pool."""

    profile: str
    job: Job
    tenant: str = LOCAL_TENANT
    mode: Literal["shared-tenant", "strict"] = "shared-tenant"
    limits: Limits = Limits()
    runtime: str | None = None
    """OCI runtime by name; None takes the configured one."""


class Done(Frozen):
    """A job's result and where it ran."""

    result: JobResult
    isolation: Isolation
    mode: IsolationMode
    path: AcquirePath
    acquire_s: float
    """From the request to a sandbox of one's own, waiting in the queue included, seconds."""


class SessionSpec(Frozen):
    """A pinned sandbox: shell, files, background processes, a port probe."""

    profile: str
    tenant: str = LOCAL_TENANT
    limits: Limits = Limits()
    runtime: str | None = None
    ttl_s: float = Field(default=3600.0, gt=0, le=4 * 3600.0)
    """Destroyed after this, whatever happens, seconds."""
    idle_s: float = Field(default=600.0, gt=0)
    """Destroyed when nobody called for this long, seconds."""


class SessionInfo(Frozen):
    """A session as its tenant sees it."""

    id: str
    """`sbx_...`"""
    profile: str
    tenant: str
    created_at: datetime
    expires_at: datetime
    isolation: Isolation


class PoolStats(Frozen):
    """Counters since the start and gauges now."""

    warm: dict[str, int] = {}
    """Ready sandboxes by profile."""
    busy: int = 0
    sessions: int = 0
    waiting: int = 0
    jobs: int = 0
    hits: int = 0
    """Acquisitions that found a warm sandbox."""
    misses: int = 0
    recycled: dict[str, int] = {}
    """By `RecycleReason`."""
    breaker: str = "closed"
    """`closed`, `open` (the backend keeps failing: refused at once) or `half-open`."""
