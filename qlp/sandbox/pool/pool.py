"""Runs jobs on pooled sandboxes, and says what became of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from qlp.config import SandboxSettings
from qlp.errors import (
    InputError,
    NotFoundError,
    OverloadedError,
    QLPError,
    SandboxError,
    SandboxProtocolError,
    SandboxUnavailableError,
    StorageError,
)
from qlp.sandbox.pool.allocation import TICK_S, Allocation
from qlp.sandbox.pool.bounded import BoundedSandbox
from qlp.sandbox.pool.key import key_of, targets
from qlp.sandbox.pool.member import Member
from qlp.sandbox.profiles import image_profile
from qlp.sandbox.protocol import JobResult, OutputListener, SandboxBackend
from qlp.sandbox.work import AcquirePath, Done, PoolStats, RecycleReason, SessionSpec, Work
from qlp.telemetry.sandbox import Gauges, JobOutcome, SandboxMetrics

GRACE_S = 60.0
"""How much later than the sandbox itself the pool loses patience with a job, seconds."""
_SMOOTH = 0.2


class Pool:
    """Everything here is in one event loop. It begins to fill at `start` or the first call; `drain` ends it.

    `profile_of` turns a profile or a language into the image profile, which is what sandboxes are shared by.
    """

    def __init__(
        self,
        backend: SandboxBackend,
        settings: SandboxSettings,
        metrics: SandboxMetrics,
        *,
        profile_of: Callable[[str], str] = image_profile,
        clock: Callable[[], float] = time.monotonic,
        tick_s: float = TICK_S,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._clock = clock
        self._profile_of = profile_of
        self._allocation = Allocation(
            backend,
            settings,
            metrics,
            targets=targets(settings, profile_of),
            changed=self._tell,
            clock=clock,
            tick_s=tick_s,
        )
        self._job_s = 1.0
        self._jobs = self._hits = self._misses = 0
        self._told: set[str] = set()

    def start(self) -> None:
        """Raises SandboxUnavailableError once it is being drained."""
        self._allocation.start()

    async def run(self, work: Work, *, on_output: OutputListener | None = None) -> Done:
        """One job. Raises InputError, OverloadedError, SandboxError, StorageError."""
        outcome: JobOutcome = "cancelled"
        try:
            done = await self._run(work, on_output)
            outcome = _outcome(done.result)
            return done
        except QLPError as error:
            outcome = "refused" if isinstance(error, InputError | OverloadedError | StorageError) else "error"
            raise
        except Exception:
            outcome = "error"
            raise
        finally:
            self._metrics.job(outcome)

    async def pin(self, spec: SessionSpec) -> Member:
        """One for a session, outside of the jobs' bounds; `unpin` must follow. Raises InputError, SandboxError."""
        key = key_of(self._profile_of(spec.profile), spec.limits, spec.runtime, self._settings)
        asked, made_before = self._clock(), self._allocation.stock.serial
        member = await self._allocation.pin(key)
        member.tenant = spec.tenant
        self._count("cold" if member.serial > made_before or not member.serial else "warm", self._clock() - asked)
        return member

    def unpin(self, member: Member, reason: RecycleReason) -> None:
        self._allocation.unpin(member, reason)

    def stats(self) -> PoolStats:
        stock = self._allocation.stock
        return PoolStats(
            warm=self._warm(),
            busy=stock.count("busy"),
            sessions=len(self._allocation.pinned),
            waiting=len(self._allocation.queue),
            jobs=self._jobs,
            hits=self._hits,
            misses=self._misses,
            recycled={str(reason): count for reason, count in stock.recycled.items()},
            breaker=stock.breaker_state,
        )

    async def drain(self, timeout_s: float) -> None:
        """No new work; what runs may end within `timeout_s`; then everything is destroyed."""
        await self._allocation.drain(timeout_s)

    async def _run(self, work: Work, on_output: OutputListener | None) -> Done:
        key = key_of(self._profile_of(work.profile), work.limits, work.runtime, self._settings)
        asked, made_before = self._clock(), self._allocation.stock.serial
        for last in (False, True):
            member = await self._allocation.acquire(key, work.tenant, fresh=work.mode == "strict", job_s=self._job_s)
            path: AcquirePath = "cold" if member.serial > made_before else "warm"
            acquire_s = self._clock() - asked
            self._count(path, acquire_s)
            isolation = member.sandbox.isolation
            try:
                result = await self._work(member, work, on_output)
            except SandboxError as error:
                if last or error.extra.get("started") is not False:
                    raise
                continue  # it broke before the job began: another sandbox may have it, once
            mode = work.mode if isolation.job_namespaces else "strict"
            return Done(result=result, isolation=isolation, mode=mode, path=path, acquire_s=acquire_s)
        raise AssertionError("unreachable")

    async def _work(self, member: Member, work: Work, on_output: OutputListener | None) -> JobResult:
        """The job in its sandbox, which is released or destroyed when this returns or raises."""
        walls = (work.limits.wall_s if c.wall_s is None else c.wall_s for c in work.job.commands)
        most = sum(min(wall, work.limits.wall_s) for wall in walls) + GRACE_S
        reason: RecycleReason | None = "late"  # also when we are cancelled: the job may still run in there
        begun = self._clock()
        try:
            if member.ailment:
                raise SandboxUnavailableError("the sandbox died before the job began", started=False)
            member.jobs += 1
            async with asyncio.timeout(most):
                result = await BoundedSandbox(member.sandbox, work.limits).job(work.job, on_output=on_output)
            self._jobs += 1
            self._job_s += _SMOOTH * (self._clock() - begun - self._job_s)
            reason = "oom" if any(one.oom for one in result.results) else None
            return result
        except TimeoutError:
            raise SandboxProtocolError(f"the job's result did not come within {most:g} s") from None
        except SandboxUnavailableError:
            reason = "lost"
            raise
        except (InputError, StorageError, NotFoundError):
            reason = None
            raise
        finally:
            reason = reason or member.ailment
            if reason is None and (work.mode == "strict" or not member.sandbox.isolation.job_namespaces):
                reason = "strict"
            self._allocation.release(member, reason)

    def _count(self, path: AcquirePath, seconds: float) -> None:
        self._hits += path == "warm"
        self._misses += path == "cold"
        self._metrics.acquired(path, seconds)

    def _warm(self) -> dict[str, int]:
        warm: dict[str, int] = {}
        for member in self._allocation.stock.members():
            if member.state == "ready":
                warm[member.key.profile] = warm.get(member.key.profile, 0) + 1
        return warm

    def _tell(self) -> None:
        warm = self._warm()
        self._told |= set(warm)
        self._metrics.gauges(
            Gauges(
                waiting=len(self._allocation.queue),
                busy=self._allocation.stock.count("busy"),
                sessions=len(self._allocation.pinned),
                warm={profile: warm.get(profile, 0) for profile in self._told},
            )
        )


def _outcome(result: JobResult) -> JobOutcome:
    if any(one.oom for one in result.results):
        return "oom"
    if result.last.timed_out:
        return "timed_out"
    return "ok" if result.last.ok else "failed"
