"""The queue in front of the pool: bounded, and fair between tenants."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from qlp.errors import OverloadedError
from qlp.sandbox.pool.key import Key
from qlp.sandbox.pool.member import Member


@dataclass(eq=False)
class Waiter:
    """One caller that wants a sandbox."""

    key: Key
    tenant: str
    fresh: bool
    """Takes none that served before (`strict`)."""
    granted: asyncio.Future[Member] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    making: Member | None = None
    """The sandbox that is being made because of this caller."""


class FairQueue:
    """First come, first served within a tenant; tenants take turns, the one served longest ago first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lines: dict[str, deque[Waiter]] = {}

    def __len__(self) -> int:
        return sum(1 for waiter in self.in_turn() if waiter.making is None)

    def add(self, waiter: Waiter) -> None:
        self._lines.setdefault(waiter.tenant, deque()).append(waiter)

    def discard(self, waiter: Waiter) -> None:
        line = self._lines.get(waiter.tenant)
        if line and waiter in line:
            line.remove(waiter)
            if not line:
                del self._lines[waiter.tenant]

    def serve(self, waiter: Waiter, member: Member) -> None:
        self.discard(waiter)
        line = self._lines.pop(waiter.tenant, None)
        if line:
            self._lines[waiter.tenant] = line  # its tenant's next turn comes after everybody else's
        waiter.granted.set_result(member)

    def fail(self, waiter: Waiter, error: Exception) -> None:
        self.discard(waiter)
        waiter.granted.set_exception(error)

    def in_turn(self) -> list[Waiter]:
        """Everybody who waits, in the order in which they should be served."""
        # A caller that was cancelled a moment ago is still in line, but its future is done.
        lines = [[w for w in line if not w.granted.done()] for line in self._lines.values()]
        longest = max(map(len, lines), default=0)
        return [line[place] for place in range(longest) for line in lines if place < len(line)]

    def shed(self, newcomer: Waiter, retry_after_s: int) -> None:
        """Refuse one if more wait than may: the newest of the tenant that has most in the queue."""
        if len(self) <= self._limit:
            return
        waiting = {
            tenant: [w for w in self.in_turn() if w.tenant == tenant and w.making is None] for tenant in self._lines
        }
        most = max(map(len, waiting.values()))
        greedy = newcomer.tenant if len(waiting.get(newcomer.tenant, ())) == most else None
        if greedy is None:
            greedy = next(tenant for tenant, line in waiting.items() if len(line) == most)
        self.fail(
            waiting[greedy][-1],
            OverloadedError(
                f"{self._limit} jobs wait for a sandbox already; try again later", retry_after_s=retry_after_s
            ),
        )
