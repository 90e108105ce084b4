"""Open breakers, told to all processes: what one of them learned in five time-outs the others need not learn again.

A breaker counts in its process; only its *opening* is a row here. A healthy model costs no write and one read of a
(nearly always empty) table a second and process, whatever the number of calls.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

import sqlalchemy as sa

from qlp.errors import ProviderError, ProviderTimeoutError, ProviderUnavailableError, StorageError
from qlp.models._base import Frozen
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.protocol import ChatOptions, Completion, Delta, Message, Provider, StreamingProvider
from qlp.store.engine import Database
from qlp.store.schema import metadata
from qlp.store.tables import ensure

logger = logging.getLogger(__name__)

table = sa.Table(
    "breakers",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("opened_at", sa.Double, nullable=False),
    sa.Column("until", sa.Double, nullable=False),
)


class OpenBreaker(Frozen):
    """A model that is down, as some process found. Times in seconds since the epoch."""

    endpoint: str
    model: str
    failures: int
    opened_at: float
    until: float
    """When one call may probe."""


class BreakerBoard:
    """The table, read at most every `refresh_s` seconds."""

    def __init__(self, database: Database, *, refresh_s: float = 1.0, clock: Callable[[], float] = time.time) -> None:
        ensure(database, table)
        self._database = database
        self._refresh_s = refresh_s
        self._clock = clock
        self._read_at = float("-inf")
        self._known: dict[str, OpenBreaker] = {}

    async def open_breakers(self) -> tuple[OpenBreaker, ...]:
        """For status pages. Raises StorageError."""
        return tuple((await self._read()).values())

    async def of(self, endpoint: str, model: str) -> OpenBreaker | None:
        """None: nobody has reported an outage. Raises StorageError."""
        if not 0 <= self._clock() - self._read_at < self._refresh_s:
            self._known = await self._read()
            self._read_at = self._clock()
        return self._known.get(_key(endpoint, model))

    def wait_s(self, known: OpenBreaker) -> float:
        """Seconds until a probe; not above what any breaker waits, should the nodes' clocks differ."""
        return max(0.0, min(known.until - self._clock(), known.until - known.opened_at))

    async def opened(self, endpoint: str, model: str, *, failures: int, for_s: float) -> None:
        now = self._clock()
        row = {"key": _key(endpoint, model), "endpoint": endpoint, "model": model}
        row |= {"failures": failures, "opened_at": now, "until": now + for_s}  # type: ignore[dict-item]

        def write(connection: sa.Connection) -> None:
            changed = connection.execute(table.update().where(table.c.key == row["key"]).values(row))
            if not changed.rowcount:
                connection.execute(table.insert().values(row))

        with contextlib.suppress(sa.exc.IntegrityError):  # another process reported the same outage just now
            await self._database.write(write)
        self._read_at = float("-inf")

    async def claim_probe(self, endpoint: str, model: str, *, for_s: float) -> bool:
        """Whether this caller is the one that may probe; until `for_s` seconds from now nobody else is."""
        now, key = self._clock(), _key(endpoint, model)
        claim = table.update().where(table.c.key == key, table.c.until <= now).values(opened_at=now, until=now + for_s)
        claimed = await self._database.write(lambda c: c.execute(claim).rowcount)
        self._read_at = float("-inf")
        return claimed == 1

    async def closed(self, endpoint: str, model: str) -> None:
        key = _key(endpoint, model)
        await self._database.write(lambda c: c.execute(table.delete().where(table.c.key == key)))
        self._read_at = float("-inf")

    async def _read(self) -> dict[str, OpenBreaker]:
        rows = await self._database.read(lambda c: c.execute(sa.select(table)).mappings().all())
        return {str(r["key"]): OpenBreaker(**{n: v for n, v in r.items() if n != "key"}) for r in rows}


class BreakerShared:
    """A provider whose breaker all processes know: refuses at once what one of them found down.

    When the cool-down is over, one call of the whole cluster probes; its success closes the breaker for all.
    """

    def __init__(
        self,
        inner: Provider | StreamingProvider,
        breaker: CircuitBreaker,
        board: BreakerBoard,
        *,
        endpoint: str,
    ) -> None:
        """`breaker` is the one that the innermost provider feeds."""
        self._inner = inner
        self._breaker = breaker
        self._board = board
        self._where = (endpoint, breaker.name)

    @property
    def name(self) -> str:
        return self._inner.name

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        """Raises what the inner provider raises, and ProviderUnavailableError (reason `breaker_open`)."""
        known = await self._enter()
        try:
            completion = await self._inner.complete(messages, options, idempotency_key=idempotency_key)
        except ProviderError as error:
            await self._failed(known, error)
            raise
        await self._works(known)
        return completion

    async def stream(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> AsyncGenerator[Delta, None]:
        """Raises what `complete` raises."""
        inner: StreamingProvider = self._inner  # type: ignore[assignment]
        known = await self._enter()
        pieces = inner.stream(messages, options, idempotency_key=idempotency_key)
        try:
            async for piece in pieces:
                if piece.completion is not None:
                    await self._works(known)
                yield piece
        except ProviderError as error:
            await self._failed(known, error)
            raise
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    async def _enter(self) -> OpenBreaker | None:
        try:
            known = await self._board.of(*self._where)
            if known is None:
                return None
            wait = self._board.wait_s(known)
            mine = wait <= 0 and await self._board.claim_probe(*self._where, for_s=self._breaker.cool_down_s)
        except StorageError:
            logger.exception("%s: open breakers cannot be looked up; the process's own still counts", self.name)
            return None
        if not mine:
            raise ProviderUnavailableError(
                f"{self.name} failed {known.failures} times in a row, as another caller found; "
                f"next try in {wait:.0f} s",
                reason="breaker_open",
                retry_after_s=round(wait, 1),
            )
        return known

    async def _works(self, known: OpenBreaker | None) -> None:
        if known is not None:
            await self._noted(self._board.closed(*self._where))

    async def _failed(self, known: OpenBreaker | None, error: ProviderError) -> None:
        if not isinstance(error, ProviderUnavailableError | ProviderTimeoutError):
            if error.extra.get("upstream_status") or error.extra.get("reason") == "bad_reply":
                await self._works(known)  # it answered: refusals and bad answers prove that it is alive
        elif known is None and self._breaker.state == "open":
            failures, wait = self._breaker.failures, self._breaker.open_for_s
            await self._noted(self._board.opened(*self._where, failures=failures, for_s=wait))

    async def _noted(self, step: Awaitable[None]) -> None:
        """An answer that is here is not given up because it could not be told to others."""
        try:
            await step
        except StorageError:
            logger.exception("%s: its breaker could not be told to other processes", self.name)


def _key(endpoint: str, model: str) -> str:
    return hashlib.sha256(f"{endpoint}\0{model}".encode()).hexdigest()
