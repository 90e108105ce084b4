"""Takes runs from the store and drives them as DBOS workflows.

The store is the queue: a claim is one transaction, so it is exact, and nothing has to be kept in step with a second
queue. DBOS holds the recorded steps. Executor ids are new for each process; what a dead one left is claimed like any
other run and its workflows are resumed in this process, through a lane (a DBOS queue) that only it listens to.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from dbos import error as dbos_error

from actors import flows
from actors.executors import ExecutorLock, live_executors
from actors.scope import RunScope
from actors.worker_args import WorkerArgs
from qlp.budget import Ledger
from qlp.errors import DeadlineExceededError, QLPError
from qlp.models import Problem
from qlp.store import Database, sqlite_url
from qlp.store.schema import create_all

APPLICATION_VERSION = "1"
"""Of the flows' shape: bumped by hand when recorded steps of a run in flight could not be replayed any more."""

TICK_S = 1.0
"""Pause between looks for work when nobody wakes the dispatcher."""
DRAIN_S = 5.0
EXPIRE_S = 60.0
"""Pause between looks for reservations that dead callers left in the ledger."""

log = logging.getLogger(__name__)


class Dispatcher:
    """Everything here is in one event loop."""

    def __init__(self, args: WorkerArgs) -> None:
        self.args = args
        self.settings = args.settings()
        self.executor = f"{args.name}-{secrets.token_hex(4)}"
        self.error = ""
        self._lock = ExecutorLock(self.settings.home, self.executor)
        self._database = Database(sqlite_url(self.settings.home))
        create_all(self._database)
        self._context = flows.FlowContext(self.settings, args.pipeline.load(), self._database)
        self._runs = self._context.runs
        self._ledger = Ledger(self._database, self.settings.budgets)
        self._expired_at = 0.0
        flows.bind(self._context)
        self._lane = f"adopted-{self.executor}"
        self._lane_open = False
        self._wake = asyncio.Event()
        self._wanted: list[str] = []
        self._loop_task: asyncio.Task[None] | None = None

    def launch(self) -> None:
        """Start DBOS on this event loop and begin to look for work."""
        url = sqlite_url(self.settings.home, "dbos.db")
        _use_wal(str(url.database))
        DBOS(
            config=DBOSConfig(
                name="qlp",
                system_database_url=url.render_as_string(),
                executor_id=self.executor,
                application_version=APPLICATION_VERSION,
                serializer=DBOSPortableJSONSerializer(),
                console_log_level="ERROR",
                log_level="ERROR",
            )
        )
        logging.getLogger("dbos").addFilter(_not_a_cancellation)
        DBOS.listen_queues([self._lane])
        DBOS.launch()
        self._loop_task = asyncio.get_running_loop().create_task(self._loop())

    @property
    def active(self) -> tuple[str, ...]:
        return tuple(self._context.scopes)

    def wake(self, run_id: str) -> None:
        self._wanted.append(run_id)
        self._wake.set()

    async def stop(self, run_id: str) -> None:
        """Cancel a run's flows and what they are waiting for: model calls, sandboxes."""
        scope = self._context.scopes.get(run_id)
        if scope is None:
            return
        await DBOS.cancel_workflow_async(run_id, cancel_children=True)
        scope.stop(dbos_error.DBOSWorkflowCancelledError(f"run {run_id} was cancelled"))

    async def drain(self) -> None:
        """Stop what runs, without marking it: another executor takes it over. The worker is finished after this."""
        if self._loop_task is not None:
            self._loop_task.cancel()
        for run_id in self.active:
            await self.stop(run_id)
        await _until(lambda: not self._context.scopes, seconds=DRAIN_S)
        if self._lane_open:
            await DBOS.delete_queue_async(self._lane)
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=0)
        self._database.close()
        self._lock.release()

    async def _loop(self) -> None:
        while True:
            try:
                await self._look()
                self.error = ""
            except Exception as error:  # boundary: the dispatcher must outlive a full disk or a locked store
                self.error = f"{type(error).__name__}: {error}"
                log.exception("dispatcher")
            try:
                await asyncio.wait_for(self._wake.wait(), TICK_S)
            except TimeoutError:
                continue
            self._wake.clear()

    async def _look(self) -> None:
        if time.monotonic() - self._expired_at > EXPIRE_S:
            self._expired_at = time.monotonic()
            await self._ledger.expire()
        if self.active:
            for run_id, status in (await self._runs.statuses(self.active)).items():
                if status in ("cancelled", "input_required"):  # the message was lost
                    await self.stop(run_id)
        live = await asyncio.to_thread(live_executors, self.settings.home)
        while self._wanted:
            await self._take(live, only=self._wanted[0])
            self._wanted.pop(0)
        while self.args.adopt and len(self.active) < self.settings.runs.concurrency:
            if not await self._take(live):
                break

    async def _take(self, live: frozenset[str], only: str | None = None) -> bool:
        if len(self.active) >= self.settings.runs.concurrency and self.args.adopt:
            return False
        claim = await self._runs.claim(self.executor, live=live, busy=self.active, only=only)
        if claim is None:
            return False

        run = claim.run
        scope = RunScope(run.id, attempt=claim.attempt)
        seconds = run.request.deadline_s or self.settings.runs.deadline_s
        spent = (datetime.now(UTC) - claim.started_at).total_seconds()
        scope.stop_after(
            seconds - spent, DeadlineExceededError(f"the run took longer than its {seconds:g} s", deadline_s=seconds)
        )
        self._context.scopes[run.id] = scope
        try:
            await self._advance(run.id)
        except BaseException:
            self._context.leave(scope)
            raise
        return True

    async def _advance(self, run_id: str) -> None:
        """Start the run's workflow, or go on with the one that another attempt left."""
        status = await DBOS.get_workflow_status_async(run_id)
        if status is None:
            with SetWorkflowID(run_id):
                await DBOS.start_workflow_async(flows.run_flow, run_id)
        elif status.status == "SUCCESS":
            # It ended while it was being cancelled, or died before the store heard of it.
            end = flows.RunEnd.model_validate_json(status.output or "")
            await self._runs.finish(run_id, outcome=end.outcome, problem=end.problem)
            self._context.leave(self._context.scopes[run_id])
        elif status.status in ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"):
            detail = f"the run's workflow ended as {status.status}: {status.error}"
            await self._runs.finish(run_id, problem=Problem(code=QLPError.code, detail=detail))
            self._context.leave(self._context.scopes[run_id])
        else:
            await self._adopt(run_id)

    async def _adopt(self, run_id: str) -> None:
        if not self._lane_open:
            await DBOS.register_queue_async(self._lane, polling_interval_sec=0.1)
            self._lane_open = True
        children = await DBOS.list_workflows_async(
            workflow_id_prefix=f"{run_id}.",
            status=["PENDING", "ENQUEUED", "CANCELLED"],
            load_input=False,
            load_output=False,
        )
        ids = [child.workflow_id for child in children]
        await DBOS.resume_workflows_async([run_id, *ids], queue_name=self._lane)


async def _until(condition: Callable[[], bool], *, seconds: float) -> None:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)


def _not_a_cancellation(record: logging.LogRecord) -> bool:
    """DBOS logs a traceback for every cancelled workflow; a cancelled run is no error."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return type(error).__name__ != "DBOSAwaitedWorkflowCancelledError"


def _use_wal(path: str) -> None:
    """Of DBOS's own file; the mode is kept in it. The default journal makes a step three times slower."""
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
