"""Runs of a private cluster, as the CLI wants them (`qlp.client.protocol.RunClient`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

from actors.client import CALL_TIMEOUT_S, RunService, open_service
from qlp.capsule import CapsuleStore
from qlp.config import Settings
from qlp.errors import NotFoundError
from qlp.models import Event, Request, Run


class HandleWorkers:
    """The one worker, by handle. Its loss is an error here: nobody else would take the run."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker

    async def wake(self, run_id: str) -> None:
        await self._tell("wake", run_id)

    async def stop(self, run_id: str) -> None:
        await self._tell("stop", run_id)

    async def _tell(self, method: str, run_id: str) -> None:
        reference = getattr(self._worker, method).remote(run_id)
        await asyncio.wait_for(asyncio.wrap_future(reference.future()), CALL_TIMEOUT_S)


class PrivateClient:
    def __init__(self, service: RunService, capsules: CapsuleStore) -> None:
        self.service = service
        self._capsules = capsules

    @classmethod
    def open(cls, settings: Settings, worker: Any) -> PrivateClient:
        return cls(open_service(settings, HandleWorkers(worker)), CapsuleStore(settings.home / "capsules"))

    async def submit(self, request: Request, *, idempotency_key: str | None = None) -> Run:
        return await self.service.submit(request, idempotency_key=idempotency_key)

    async def get(self, run_id: str) -> Run:
        return await self.service.get(run_id)

    async def list(self, *, limit: int = 20, after: str | None = None) -> tuple[Run, ...]:
        return (await self.service.list(limit=limit, after=after)).data

    async def cancel(self, run_id: str) -> Run:
        return await self.service.cancel(run_id)

    async def resume(self, run_id: str, *, max_cost_usd: Decimal | None = None) -> Run:
        return await self.service.resume(run_id, max_cost_usd=max_cost_usd)

    def events(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        return self.service.events(run_id, after=after)

    async def capsule(self, run_id: str) -> bytes:
        """Raises NotFoundError while there is none."""
        run = await self.service.get(run_id)
        if run.outcome is None:
            raise NotFoundError(f"run {run_id} has no capsule: it is {run.status}")
        return await asyncio.to_thread(self._capsules.get, run.outcome.capsule)
