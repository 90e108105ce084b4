"""Who gets which sandbox, and how many are kept."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress

from qlp.config import SandboxSettings
from qlp.errors import InputError, SandboxUnavailableError
from qlp.sandbox.pool.key import Key
from qlp.sandbox.pool.member import Member
from qlp.sandbox.pool.stock import Stock
from qlp.sandbox.pool.waiting import FairQueue, Waiter
from qlp.sandbox.protocol import SandboxBackend
from qlp.sandbox.work import RecycleReason
from qlp.telemetry.sandbox import SandboxMetrics

log = logging.getLogger(__name__)

TICK_S = 1.0
"""Pause between two looks for sandboxes that are old, unused or dead, and for refills that failed."""
SETTLE_S = 60.0
"""Deadline of destroying everything, seconds."""
_LONGEST_RETRY_S = 30


class Allocation:
    """Everything here is in one event loop. `targets`: how many of which should be ready. `changed` is called when a
    count may have changed."""

    def __init__(
        self,
        backend: SandboxBackend,
        settings: SandboxSettings,
        metrics: SandboxMetrics,
        *,
        targets: dict[Key, int],
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        tick_s: float = TICK_S,
    ) -> None:
        self._settings = settings
        self._changed = changed
        self._clock = clock
        self._tick_s = tick_s
        self._targets = dict(targets)
        standard = frozenset(targets)
        self.stock = Stock(backend, settings, metrics, standard=standard, clock=clock, made=self._made)
        self.queue = FairQueue(settings.queue)
        self.pinned: set[Member] = set()
        self._refilling: set[Member] = set()
        self._draining = False
        self._quiet = asyncio.Event()
        self._ticking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to fill the pool. Raises SandboxUnavailableError once it is being drained."""
        if self._draining:
            raise _shutting_down()
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick(), name="sandbox-pool")
            self._refill()

    async def acquire(self, key: Key, tenant: str, *, fresh: bool, job_s: float) -> Member:
        """A busy member; `release` must follow. `job_s`: how long jobs take lately, for who is refused.

        Raises OverloadedError, and what making one raised.
        """
        self.start()
        waiter = Waiter(key=key, tenant=tenant, fresh=fresh)
        self.queue.add(waiter)
        self._dispatch()
        rounds = len(self.queue) / max(1, self._settings.concurrency)
        self.queue.shed(waiter, min(_LONGEST_RETRY_S, max(1, math.ceil(rounds * job_s))))
        self._changed()
        try:
            return await waiter.granted
        except asyncio.CancelledError:
            if not waiter.granted.cancelled() and waiter.granted.exception() is None:
                self.release(waiter.granted.result(), None)  # it came in the moment of the cancellation, unused
            self.queue.discard(waiter)
            self._dispatch()
            self._changed()
            raise

    def release(self, member: Member, reason: RecycleReason | None) -> None:
        """After its job: kept for its tenant, or destroyed for the reason given."""
        if member.state == "busy":
            member.state, member.idle_since = "bound", self._clock()
            if reason := reason or ("drain" if self._draining else self.stock.unfit(member)):
                self.stock.retire(member, reason)
        self._settle()

    async def pin(self, key: Key) -> Member:
        """One for a session, outside of the jobs' bounds; `unpin` must follow. Raises what making one raised."""
        self.start()
        member = self.stock.ready(key)
        if member is None:
            member = await self._make_pinned(key)
        else:
            self.stock.take_out(member)
        self.pinned.add(member)
        self._settle()
        return member

    async def _make_pinned(self, key: Key) -> Member:
        breaker = self.stock.breaker(key)
        if not breaker.allows():
            raise breaker.refusal()
        member = self.stock.make(key, pooled=False)
        try:
            await member.opened()
        except asyncio.CancelledError:
            self.stock.abandon(member)
            raise
        if self._draining:
            self.stock.retire(member, "drain")
            raise _shutting_down()
        return member

    def unpin(self, member: Member, reason: RecycleReason) -> None:
        self.pinned.discard(member)
        self.stock.retire(member, reason)
        self._changed()

    async def drain(self, timeout_s: float) -> None:
        """No new work; what runs may end within `timeout_s`; then everything is destroyed. May be called twice."""
        self._draining = True
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait([self._ticking])
        for waiter in self.queue.in_turn():
            self.queue.fail(waiter, _shutting_down())
        self._look_quiet()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._quiet.wait()
        for member in (*self.stock.members(), *self.pinned):
            self.stock.retire(member, "drain")
        self.pinned.clear()
        if not await self.stock.settled(SETTLE_S):
            log.warning("some sandboxes were not destroyed within %g s; the reaper takes them", SETTLE_S)
        self._changed()

    # --- who gets which

    def _dispatch(self) -> None:
        for waiter in self.queue.in_turn():
            if self.stock.count("busy") >= self._settings.concurrency:
                return
            making = sum(1 for other in self.queue.in_turn() if other.making is not None and other is not waiter)
            if self.stock.count("busy") + making < self._settings.concurrency:
                self._place(waiter)

    def _place(self, waiter: Waiter) -> None:
        """Give the caller a sandbox, have one made for it, refuse it, or leave it waiting."""
        stock = self.stock
        member = (None if waiter.fresh else stock.own(waiter.key, waiter.tenant)) or stock.ready(waiter.key)
        if member is not None:
            member.state, member.tenant = "busy", waiter.tenant
            self.queue.serve(waiter, member)
            self._refill()
            return
        if waiter.making is not None:
            return
        waiter.making = next(iter(self._unclaimed(waiter.key)), None)
        if waiter.making is not None:
            return
        breaker = stock.breaker(waiter.key)
        if not breaker.allows():
            if not breaker.probing:
                self.queue.fail(waiter, breaker.refusal())
            return
        if not stock.room:
            victim = stock.idle_longest("bound") or stock.idle_longest("ready", besides=waiter.key)
            if victim is None:
                return
            foreign = victim.tenant not in (None, waiter.tenant) and victim.key == waiter.key
            stock.retire(victim, "tenant" if foreign else "room")
        if stock.room:
            waiter.making = stock.make(waiter.key)

    def _made(self, member: Member, failure: Exception | None) -> None:
        self._refilling.discard(member)
        for waiter in self.queue.in_turn():
            if waiter.making is member:
                waiter.making = None
                if failure is not None:
                    self.queue.fail(waiter, failure)
        if isinstance(failure, InputError) and self._targets.pop(member.key, 0):
            log.warning("QLP_SANDBOX__WARM names a profile that cannot be had: %s", failure)
        self._settle()

    def _settle(self) -> None:
        self._dispatch()
        self._trim()
        self._refill()
        self._look_quiet()
        self._changed()

    def _look_quiet(self) -> None:
        if self._draining and not self.stock.count("busy"):
            self._quiet.set()

    # --- how many are kept

    def _trim(self) -> None:
        """At most `keep` idle ones, of which the bound ones leave room for those that should be ready."""
        settings = self._settings
        for_bound = max(min(1, settings.keep), settings.keep - sum(self._targets.values()))
        while self.stock.count("bound") > for_bound:
            self._drop("bound")
        while self.stock.count("ready", "bound") > settings.keep:
            self._drop("bound", "ready")

    def _drop(self, *states: str) -> None:
        victim = self.stock.idle_longest(*states)
        assert victim is not None
        self.stock.retire(victim, "room")

    def _refill(self) -> None:
        """Start what is missing, unless callers wait: theirs come first."""
        if self._draining or self._ticking is None or len(self.queue):
            return
        for key, target in self._targets.items():
            while (
                self._coming(key) < min(target, self._settings.keep)
                and len(self._refilling) < self._settings.refill_concurrency
            ):
                if not self.stock.breaker(key).allows():
                    break
                if not self.stock.room:
                    victim = self.stock.idle_longest("bound")
                    if victim is None:
                        return
                    self.stock.retire(victim, "room")
                    if not self.stock.room:
                        return
                self._refilling.add(self.stock.make(key))

    def _coming(self, key: Key) -> int:
        ready = sum(1 for member in self.stock.members() if member.state == "ready" and member.key == key)
        return ready + len(self._unclaimed(key))

    def _unclaimed(self, key: Key) -> list[Member]:
        """Being made, for the refill or for somebody who does not need it any more."""
        claimed = {waiter.making for waiter in self.queue.in_turn()}
        return [m for m in self.stock.members() if m.state == "making" and m.key == key and m not in claimed]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._tick_s)
            try:
                for member in self.stock.members():
                    if member.state in ("ready", "bound") and (reason := self.stock.unfit(member)):
                        self.stock.retire(member, reason)
                self._settle()
            except Exception:  # boundary of a background task: the next look must come
                log.exception("the sandbox pool's look at itself failed")


def _shutting_down() -> SandboxUnavailableError:
    return SandboxUnavailableError("the sandboxes of this node are being shut down; try again")
