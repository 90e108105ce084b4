"""The two durable workflows. Registered at import, so the module is imported before DBOS is launched."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from typing import Any

from dbos import DBOS
from dbos import error as dbos_error

from actors.durable import DurableRuntime
from actors.problems import internal_problem, to_problem
from actors.scope import RunScope, TaskEnd
from actors.worker_args import LoadedPipeline
from qlp.config import Settings
from qlp.errors import QLPError
from qlp.models import Outcome, Problem
from qlp.models._base import Frozen
from qlp.pipeline.runtime import TaskInput
from qlp.store import Database, EventStore, RunStore

log = logging.getLogger(__name__)

MAX_RECOVERIES = 100
"""Of one workflow by DBOS; the run store counts crashes more strictly."""


class RunEnd(Frozen):
    """What `run_flow` returns: exactly one of the two is set."""

    outcome: Outcome | None = None
    problem: Problem | None = None


class FlowContext:
    """What the flows of a process use. One per worker process."""

    def __init__(self, settings: Settings, pipeline: LoadedPipeline, database: Database) -> None:
        self.settings = settings
        self.pipeline = pipeline
        self.runs = RunStore(database)
        self.events = EventStore(database)
        self._database = database
        self.scopes: dict[str, RunScope] = {}
        self._services: Any = None
        self._sweeps: set[asyncio.Task[None]] = set()

    async def services(self) -> Any:
        """Built at first use and kept; an error (no sandbox, say) fails the run that met it, the next tries again."""
        if self._services is None:
            self._services = await self.pipeline.services(self.settings, self.events, self._database)
        return self._services

    def scope(self, run_id: str) -> RunScope:
        if run_id not in self.scopes:
            self.scopes[run_id] = RunScope(run_id, attempt=2)
        return self.scopes[run_id]

    async def pause(self, scope: RunScope, problem: Problem) -> None:
        """The run needs its user: it waits as `input_required`, and its flows end without recording why."""
        await scope.settle_down()
        scope.check()
        # In an empty context: this is called from a step, and is none itself.
        await asyncio.create_task(_cancel_with_children(scope.run_id), context=contextvars.Context())
        scope.stop(dbos_error.DBOSWorkflowCancelledError(f"run {scope.run_id} waits for its user"))
        scope.children.clear()  # cancelled with it; a run that is resumed at once must keep its new ones
        await self.runs.pause(scope.run_id, problem)

    def leave(self, scope: RunScope) -> None:
        """The run's flow ends: tasks that it leaves behind are stopped instead of working for nobody."""
        if self.scopes.get(scope.run_id) is scope:
            del self.scopes[scope.run_id]
        scope.close()
        scope.stop(dbos_error.DBOSWorkflowCancelledError(f"run {scope.run_id} has ended"))
        if scope.children:
            # In an empty context: inside the workflow's own, the cancellation would be recorded as a step of it.
            sweep = asyncio.create_task(cancel_workflows(sorted(scope.children)), context=contextvars.Context())
            self._sweeps.add(sweep)
            sweep.add_done_callback(self._sweeps.discard)


async def _cancel_with_children(run_id: str) -> None:
    await DBOS.cancel_workflow_async(run_id, cancel_children=True)


async def cancel_workflows(workflow_ids: list[str]) -> None:
    """Those that have ended stay as they are."""
    try:
        await DBOS.cancel_workflows_async(workflow_ids)
    except Exception:  # boundary of a background task
        log.exception("workflows %s could not be cancelled", workflow_ids)


_context: FlowContext | None = None


def bind(context: FlowContext) -> None:
    global _context
    _context = context


def _bound() -> FlowContext:
    if _context is None:
        raise RuntimeError("a flow was started before bind()")
    return _context


@DBOS.workflow(name="qlp.run", max_recovery_attempts=MAX_RECOVERIES)
async def run_flow(run_id: str) -> str:
    context = _bound()
    scope = context.scope(run_id)
    try:
        end = await _advance(context, scope)
        await context.runs.finish(run_id, outcome=end.outcome, problem=end.problem)
        return end.model_dump_json()
    finally:
        context.leave(scope)


async def _advance(context: FlowContext, scope: RunScope) -> RunEnd:
    runtime = DurableRuntime(scope, context.events, _start_task, context.pause)
    try:
        run = await context.runs.get(scope.run_id)
        return RunEnd(outcome=await context.pipeline.run(runtime, await context.services(), run.request))
    except QLPError as error:
        return RunEnd(problem=to_problem(error))
    except Exception as error:  # boundary: a defect ends the run as failed, with the trace in the log
        log.exception("run %s failed", scope.run_id)
        return RunEnd(problem=internal_problem(error))


@DBOS.workflow(name="qlp.task", max_recovery_attempts=MAX_RECOVERIES)
async def task_flow(payload: str) -> str:
    context = _bound()
    task = TaskInput.model_validate_json(payload)
    scope = context.scope(task.run_id)
    runtime = DurableRuntime(scope, context.events, _start_task, context.pause)
    try:
        end = TaskEnd(result=await context.pipeline.task(runtime, await context.services(), task))
    except QLPError as error:
        end = TaskEnd(problem=to_problem(error))
    except Exception as error:  # boundary: as above
        log.exception("task %s of %s failed", task.task_id, task.run_id)
        end = TaskEnd(problem=internal_problem(error))
    scope.publish(task.round, task.task_id, end)
    return end.model_dump_json()


async def _start_task(payload: str) -> object:
    return await DBOS.start_workflow_async(task_flow, payload)
