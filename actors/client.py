"""RunService: what can be done with runs, for the CLI and for the HTTP API alike."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

from actors.executors import live_executors
from qlp.budget import BudgetStore, Ledger, Spender
from qlp.config import Settings
from qlp.errors import BudgetExceededError
from qlp.models import Event, Request, Run
from qlp.models.run import LOCAL_TENANT
from qlp.pipeline.admit import admit
from qlp.pipeline.choose import needs_model
from qlp.sandbox.execution import utf8
from qlp.store import Database, EventStore, RunPage, RunStore, sqlite_url
from qlp.store.schema import create_all

log = logging.getLogger(__name__)

_ENDED = ("completed", "failed")

CALL_TIMEOUT_S = 5.0
"""Deadline of a message to a worker, seconds."""

EVENT_POLL_S = 0.1
"""Pause between two looks into the event log of a run that somebody follows, seconds."""


class Workers(Protocol):
    """How workers hear that something changed. Only a hint: the store is the truth, and workers look by themselves."""

    async def wake(self, run_id: str) -> None: ...
    async def stop(self, run_id: str) -> None: ...


class RunService:
    def __init__(self, database: Database, workers: Workers, settings: Settings) -> None:
        self._runs = RunStore(database)
        self._events = EventStore(database)
        self._workers = workers
        self._settings = settings
        self._ledger = Ledger(database, settings.budgets)
        self._budgets = BudgetStore(database, settings.budgets)

    async def submit(self, request: Request, tenant: str = LOCAL_TENANT, idempotency_key: str | None = None) -> Run:
        """A queued run. Raises InputError, OverloadedError, IdempotencyMismatchError, StorageError."""
        return (await self.submit_or_find(request, tenant, idempotency_key))[0]

    async def submit_or_find(
        self,
        request: Request,
        tenant: str = LOCAL_TENANT,
        idempotency_key: str | None = None,
        *,
        api_key: str = "",
        user: str = "",
    ) -> tuple[Run, bool]:
        """As `submit`, and whether the run is new. `api_key` (its id) and `user` say whose budgets it spends.

        Raises BudgetExceededError for a run that needs a model when one of them has nothing left.
        """
        request = admit(request, self._settings.runs, home=self._settings.home)
        for path, content in request.tests.items():
            utf8(content, path)
        if idempotency_key is None or not await self._runs.is_known(idempotency_key, tenant=tenant):
            await self._affordable(request, Spender(tenant=tenant, api_key=api_key, user=user))
        run, new = await self._runs.create(
            request,
            tenant=tenant,
            queue_limit=self._settings.runs.queue_limit,
            idempotency_key=idempotency_key,
            api_key=api_key or None,
            user=user or None,
        )
        if new:
            await self._workers.wake(run.id)
        return run, new

    async def _affordable(self, request: Request, spender: Spender) -> None:
        try:
            await self._ledger.check(spender)
        except BudgetExceededError:
            if await asyncio.to_thread(needs_model, request, self._settings.runs):
                raise

    async def get(self, run_id: str, tenant: str = LOCAL_TENANT) -> Run:
        """Raises NotFoundError."""
        return await self._runs.get(run_id, tenant=tenant)

    async def list(
        self,
        tenant: str = LOCAL_TENANT,
        *,
        limit: int = 20,
        after: str | None = None,
        order: Literal["asc", "desc"] = "desc",
    ) -> RunPage:
        return await self._runs.list(tenant=tenant, limit=limit, after=after, order=order)

    async def owns_capsule(self, capsule: str, tenant: str = LOCAL_TENANT) -> bool:
        """Whether a run of this tenant made the capsule of this file name."""
        return await self._runs.owns_capsule(capsule, tenant=tenant)

    async def cancel(self, run_id: str, tenant: str = LOCAL_TENANT) -> Run:
        """Cancelled, or as it ended. The model call or sandbox that it waits for ends within two seconds."""
        run = await self._runs.cancel(run_id, tenant=tenant)
        if run.status == "cancelled":
            await self._workers.stop(run_id)
        return run

    async def resume(self, run_id: str, tenant: str = LOCAL_TENANT, *, max_cost_usd: Decimal | None = None) -> Run:
        """Go on with a cancelled run, one that waits, or one whose worker is gone; finished steps are not repeated.

        `max_cost_usd` is its cap from now on, what it has spent included.
        """
        if max_cost_usd is not None and (await self._runs.get(run_id, tenant=tenant)).status not in _ENDED:
            await self._budgets.put(tenant, "run", run_id, "total", max_cost_usd)
        live = await asyncio.to_thread(live_executors, self._settings.home)
        run = await self._runs.resume(run_id, tenant=tenant, live=live)
        await self._workers.wake(run_id)
        return run

    async def events(self, run_id: str, tenant: str = LOCAL_TENANT, *, after: int = 0) -> AsyncIterator[Event]:
        """From the event with number `after` + 1 on; ends after the terminal event. Raises NotFoundError."""
        await self._runs.get(run_id, tenant=tenant)
        while True:
            events, ended = await self._events.after(run_id, after)
            for event in events:
                after = event.sequence_number
                yield event
            if ended:
                return
            if not events:
                await asyncio.sleep(EVENT_POLL_S)

    async def wait(self, run_id: str, tenant: str = LOCAL_TENANT) -> Run:
        """The run when it has ended."""
        async for _ in self.events(run_id, tenant):
            pass
        return await self.get(run_id, tenant)


class RayWorkers:
    """The run workers of this Ray cluster, by name."""

    def __init__(self, names: tuple[str, ...], namespace: str) -> None:
        self._names = names
        self._namespace = namespace

    async def wake(self, run_id: str) -> None:
        await self._tell("wake", run_id)

    async def stop(self, run_id: str) -> None:
        await self._tell("stop", run_id)

    async def _tell(self, method: str, run_id: str) -> None:
        await asyncio.gather(*(self._call(name, method, run_id) for name in self._names))

    async def _call(self, name: str, method: str, run_id: str) -> None:
        try:
            await call(name, self._namespace, method, run_id, timeout_s=CALL_TIMEOUT_S)
        except Exception:  # boundary: a worker that restarts finds the change in the store
            log.exception("%s was not told to %s %s", name, method, run_id)


async def call(name: str, namespace: str, method: str, *args: Any, timeout_s: float) -> Any:
    """Call a named actor's method. Raises TimeoutError, ValueError (no such actor) or Ray's errors."""
    import ray

    actor = await asyncio.to_thread(ray.get_actor, name, namespace)
    reference = getattr(actor, method).remote(*args)
    try:
        return await asyncio.wait_for(asyncio.wrap_future(reference.future()), timeout_s)
    except (TimeoutError, asyncio.CancelledError):
        ray.cancel(reference)  # nobody waits for it any more: it must not hold a sandbox
        raise


def open_service(settings: Settings, workers: Workers) -> RunService:
    """Over the store in the settings' home, made if it is missing. Raises StorageError."""
    return RunService(open_database(settings.home), workers, settings)


def open_database(home: Path) -> Database:
    database = Database(sqlite_url(home))
    create_all(database)
    return database
