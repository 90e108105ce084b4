"""What a client can do with runs, wherever they are executed: over HTTP, or in a private cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Protocol

from qlp.models import Event, Request, Run


class RunClient(Protocol):
    async def submit(self, request: Request, *, idempotency_key: str | None = None) -> Run:
        """Raises InputError, OverloadedError, AuthError, ..."""

    async def get(self, run_id: str) -> Run:
        """Raises NotFoundError."""

    async def list(self, *, limit: int = 20, after: str | None = None) -> tuple[Run, ...]:
        """The newest first."""

    async def cancel(self, run_id: str) -> Run: ...

    async def resume(self, run_id: str, *, max_cost_usd: Decimal | None = None) -> Run:
        """Go on with a cancelled run or one that waits, under a new cap if one is given; finished steps stay."""

    def events(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Events with a sequence number above `after`, then live ones; ends after a terminal event."""

    async def capsule(self, run_id: str) -> bytes:
        """The capsule's zip. Raises NotFoundError while there is none."""
