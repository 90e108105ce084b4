"""Who may call a model now: one queue a key in this process, in front of the windows that all processes share."""

from __future__ import annotations

import asyncio
import hashlib
import time
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from qlp.calls.windows import Grant, Limit, Need, Wait, Windows
from qlp.errors import ProviderRateLimitError
from qlp.models._base import Frozen
from qlp.store.engine import Database

DEFAULT_BLOCK_S = 1.0
"""After a 429 without Retry-After."""


class Bucket(Frozen):
    """One key at one model of one provider, and what it may use of it in a minute."""

    scope: str
    name: str
    """`provider:model`, for messages."""
    limit: Limit = Limit()


def bucket_of(name: str, address: str, secret: str | None, *, rpm: int | None = None, tpm: int | None = None) -> Bucket:
    """`name` is `provider:model`, `address` where it is reached. The key itself is not stored: its digest is part of
    the scope's."""
    identity = "\0".join((address, name, hashlib.sha256((secret or "").encode()).hexdigest()))
    scope = hashlib.sha256(identity.encode()).hexdigest()[:40]
    return Bucket(scope=scope, name=name, limit=Limit(requests=rpm, tokens=tpm))


@dataclass
class _Lane:
    """Callers of one bucket in one event loop, first come first served; only the first asks the database."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    inside: int = 0


class RateLimiter:
    """For all models of a process. Use it from any event loop."""

    def __init__(
        self,
        database: Database,
        *,
        windows: Windows | None = None,
        queue: int = 1000,
        poll_s: float = 0.25,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`queue`: callers of one bucket that may wait in this process. `poll_s`: how often the first of them asks
        again, because others may have used less than they reserved."""
        self._database = database
        self._windows = windows or Windows(database)
        self._queue = queue
        self._poll_s = poll_s
        self._clock = clock
        self._sleep = sleep
        self._lanes: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Lane]] = (
            weakref.WeakKeyDictionary()
        )
        self._known_blocks: dict[str, tuple[float, float]] = {}

    async def acquire(self, bucket: Bucket, *, requests: int, tokens: int, wait_s: float) -> Grant | None:
        """Returns when the call may start, and what it holds until `settle`; None where the bucket has no limit.

        Raises ProviderRateLimitError (`retry_after_s`, `waited` = True) when that is not within `wait_s`, when the
        queue is full, or when the limit can never be kept; StorageError.
        """
        most = bucket.limit.requests
        if most is not None and requests > most:
            raise ProviderRateLimitError(
                f"{bucket.name}: {requests} requests at once are more than the limit of {most} a minute: "
                "ask for fewer samples, or raise rpm of the provider",
                retry_after_s=None,
                waited=True,
            )
        if bucket.limit.tokens is not None:
            tokens = min(tokens, bucket.limit.tokens)  # an estimate: what it really takes is settled
        lanes = self._lanes.setdefault(asyncio.get_running_loop(), {})
        lane = lanes.setdefault(bucket.scope, _Lane())
        if lane.inside >= self._queue:
            raise _late(bucket, f"{lane.inside} calls wait already", self._poll_s)
        lane.inside += 1
        deadline = self._clock() + wait_s
        try:
            async with asyncio.timeout(wait_s):
                if bucket.limit == Limit():
                    await self._unblocked(bucket, deadline)
                    return None
                async with lane.turn:
                    return await self._admitted(bucket, Need(requests, tokens), deadline)
        except TimeoutError:
            raise _late(bucket, f"no turn came within {wait_s:.1f} s", self._poll_s) from None
        finally:
            lane.inside -= 1
            if not lane.inside:
                lanes.pop(bucket.scope, None)

    async def settle(self, bucket: Bucket, grant: Grant | None, *, requests: int, tokens: int) -> None:
        """Replace the reservation by what was used. Raises StorageError."""
        used = Need(requests, tokens)
        if grant is not None and used != grant.need:
            await self._database.write(lambda c: self._windows.settle(c, bucket.scope, grant, used))

    async def block(self, bucket: Bucket, seconds: float | None) -> None:
        """The server limits this key: all its callers, of all processes, pause. Raises StorageError."""
        pause = DEFAULT_BLOCK_S if seconds is None else seconds
        await self._database.write(lambda c: self._windows.block(c, bucket.scope, pause))
        self._known_blocks.pop(bucket.scope, None)

    async def used(self, bucket: Bucket) -> Need:
        """Of the present window, for status pages."""
        return await self._database.read(lambda c: self._windows.used(c, bucket.scope))

    async def blocked_for(self, bucket: Bucket) -> float:
        """Seconds for which the server asked to be left alone, 0 if it did not."""
        return await self._database.read(lambda c: self._windows.blocked_for(c, bucket.scope))

    async def _admitted(self, bucket: Bucket, need: Need, deadline: float) -> Grant:
        ticket: int | None = None
        try:
            while True:
                held = ticket
                answer = await self._database.write(
                    lambda c: self._windows.admit(c, bucket.scope, bucket.limit, need, ticket=held)  # noqa: B023
                )
                if isinstance(answer, Grant):
                    ticket = None
                    return answer
                ticket = answer.ticket
                if answer.seconds > deadline - self._clock():
                    raise _late(bucket, _why(answer), answer.seconds)
                await self._sleep(min(max(answer.seconds, 0.005), self._poll_s))
        finally:
            if ticket is not None:
                left = ticket
                await self._database.write(lambda c: self._windows.leave(c, bucket.scope, left))

    async def _unblocked(self, bucket: Bucket, deadline: float) -> None:
        """Without a limit of our own only the server's word counts; it is looked up once a second."""
        while (seconds := await self._block_of(bucket)) > 0:
            if seconds > deadline - self._clock():
                raise _late(bucket, "the server asked to wait", seconds)
            await self._sleep(min(seconds, 1.0))

    async def _block_of(self, bucket: Bucket) -> float:
        now = self._clock()
        asked_at, until = self._known_blocks.get(bucket.scope, (now - 2.0, 0.0))
        if now - asked_at >= 1.0:
            until = now + await self.blocked_for(bucket)
            self._known_blocks[bucket.scope] = (now, until)
        return max(0.0, until - now)


def _why(wait: Wait) -> str:
    return f"the limit of this minute is used up for {wait.seconds:.1f} s more"


def _late(bucket: Bucket, why: str, seconds: float) -> ProviderRateLimitError:
    return ProviderRateLimitError(
        f"{bucket.name}: {why}; try again later, or raise rpm and tpm of the provider if it allows more",
        retry_after_s=round(seconds, 2),
        waited=True,
    )
