"""Every sandbox that a pool holds: making them, finding one that may be used, destroying them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from qlp.config import SandboxSettings
from qlp.errors import InputError
from qlp.sandbox.pool.breaker import Breaker
from qlp.sandbox.pool.key import Key
from qlp.sandbox.pool.member import Member
from qlp.sandbox.protocol import SandboxBackend
from qlp.sandbox.work import RecycleReason
from qlp.telemetry.sandbox import SandboxMetrics

log = logging.getLogger(__name__)


class Stock:
    """`made` is called when a making ends: with None, and the member is ready, or with what it failed with."""

    def __init__(
        self,
        backend: SandboxBackend,
        settings: SandboxSettings,
        metrics: SandboxMetrics,
        *,
        standard: frozenset[Key],
        clock: Callable[[], float],
        made: Callable[[Member, Exception | None], None],
    ) -> None:
        self._backend = backend
        self._settings = settings
        self._metrics = metrics
        self._standard = standard
        self._clock = clock
        self._made = made
        self._members: dict[Member, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = 0
        self.serial = 0
        """How many were made; the number of the latest."""
        self._breakers: dict[tuple[str, str | None], Breaker] = {}
        self.recycled: Counter[RecycleReason] = Counter()

    def __len__(self) -> int:
        return len(self._members)

    def members(self) -> tuple[Member, ...]:
        return tuple(self._members)

    @property
    def room(self) -> bool:
        """Whether one more may exist. Sandboxes on their way out do not count, unless many hang there."""
        most = max(self._settings.keep, self._settings.concurrency)
        return len(self._members) < most and self._closing <= most

    def count(self, *states: str) -> int:
        return sum(member.state in states for member in self._members)

    def breaker(self, key: Key) -> Breaker:
        return self._breakers.setdefault((key.profile, key.runtime), Breaker(self._clock))

    @property
    def breaker_state(self) -> str:
        """The worst of all."""
        states = {breaker.state for breaker in self._breakers.values()}
        return next((state for state in ("open", "half-open") if state in states), "closed")

    def forget(self, key: Key) -> None:
        """A profile that does not exist keeps no breaker: names come from callers."""
        if self.breaker(key).state == "closed" and not any(m.key.profile == key.profile for m in self._members):
            self._breakers.pop((key.profile, key.runtime), None)

    # --- coming

    def make(self, key: Key, *, pooled: bool = True) -> Member:
        """Starts the making of one; the breaker must have allowed it. One that is not pooled is never picked."""
        self.breaker(key).begin()
        member = Member(key, self._backend.open(key.profile, key.limits, runtime=key.runtime))
        if pooled:
            self._members[member] = None
        self._spawn(self._finish(member))
        return member

    async def _finish(self, member: Member) -> None:
        breaker = self.breaker(member.key)
        failure: Exception | None = None
        try:
            await member.opened()
        except Exception as error:  # noqa: BLE001  boundary to the backend: told to who waits for it, and counted
            failure = error
        if member.state == "retiring":  # given up by ourselves
            breaker.abandoned()
            return
        if failure is None:
            breaker.succeeded()
            member.state = "ready" if member in self._members else "busy"
            self.serial += 1
            member.serial = self.serial
            member.made_at = member.idle_since = self._clock()
        else:
            self._members.pop(member, None)
            if isinstance(failure, InputError):
                breaker.abandoned()
                self.forget(member.key)
            else:
                before = breaker.state
                breaker.failed(failure)
                if breaker.state != before:
                    log.warning("sandboxes of %s cannot be made for now: %s", member.key.profile, failure)
        self._made(member, failure)

    # --- staying

    def ready(self, key: Key) -> Member | None:
        """One that has met nobody; those that cannot be used any more are destroyed on the way."""
        return self._pick(key, lambda member: member.state == "ready")

    def own(self, key: Key, tenant: str) -> Member | None:
        """An idle one that belongs to this tenant, the one used last: its caches are warm."""
        return self._pick(key, lambda member: member.state == "bound" and member.tenant == tenant)

    def _pick(self, key: Key, wanted: Callable[[Member], bool]) -> Member | None:
        found = [member for member in self._members if member.key == key and wanted(member)]
        for member in sorted(found, key=lambda member: -member.idle_since):
            if (reason := self.unfit(member)) is None:
                return member
            self.retire(member, reason)
        return None

    def unfit(self, member: Member) -> RecycleReason | None:
        """Why an idle one may not be used again."""
        now = self._clock()
        if ailment := member.ailment:
            return ailment
        if member.jobs >= self._settings.max_jobs:
            return "jobs"
        if now - member.made_at >= self._settings.max_age_s:
            return "age"
        passing = member.state == "bound" or member.key not in self._standard
        if passing and now - member.idle_since >= self._settings.idle_s:
            return "idle"
        return None

    # --- going

    def idle_longest(self, *states: str, besides: Key | None = None) -> Member | None:
        """The idle one that was unused for the longest time."""
        found = [m for m in self._members if m.state in states and (besides is None or m.key != besides)]
        return min(found, key=lambda member: member.idle_since, default=None)

    def take_out(self, member: Member) -> None:
        """It becomes a session: it counts no more, and `retire` still ends it."""
        member.state = "busy"
        self._members.pop(member, None)

    def retire(self, member: Member, reason: RecycleReason) -> None:
        """Destroy it in the background."""
        if member.state == "retiring":
            return
        self.recycled[reason] += 1
        self._metrics.recycled(reason)
        self._end(member)

    def abandon(self, member: Member) -> None:
        """Its making is not wanted any more."""
        if member.state != "retiring":
            self._end(member)

    def _end(self, member: Member) -> None:
        member.state = "retiring"
        self._members.pop(member, None)
        self._closing += 1
        self._spawn(self._close(member))

    async def _close(self, member: Member) -> None:
        try:
            await member.close()
        except Exception:  # boundary to the backend: its reaper takes what could not be destroyed now
            log.exception("a sandbox of %s was not destroyed", member.key.profile)
        finally:
            self._closing -= 1

    async def settled(self, timeout_s: float) -> bool:
        """When every making and destruction that was begun has ended; False if some have not in that time."""
        pending = set(self._tasks)
        if pending:
            _, pending = await asyncio.wait(pending, timeout=timeout_s)
        return not pending

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
