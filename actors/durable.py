"""The runtime of a worker: steps and tasks become DBOS steps and child workflows.

What is recorded is JSON, errors included, so nothing in the database needs the classes of today to be read.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast

from dbos import DBOS, SetWorkflowID
from pydantic import JsonValue, TypeAdapter

from actors.problems import from_problem, internal_problem, to_problem
from actors.scope import RunScope, TaskEnd
from qlp.errors import BudgetExceededError, QLPError, SandboxProtocolError, SandboxUnavailableError, StorageError
from qlp.models import EventType, Problem, TaskResult
from qlp.models._base import Frozen
from qlp.pipeline.runtime import EventSink, TaskInput

T = TypeVar("T")
log = logging.getLogger(__name__)

LIFECYCLE: frozenset[str] = frozenset(
    {"run.created", "run.in_progress", "run.completed", "run.failed", "run.cancelled"}
)
"""Written by the run store together with the status they tell; a flow's own are dropped."""

INFRASTRUCTURE = (ConnectionError, TimeoutError, SandboxUnavailableError, SandboxProtocolError, StorageError)
"""Worth another attempt inside the step; every other error is recorded at once. Providers retry by themselves."""
ATTEMPTS = 3
FIRST_PAUSE_S = 0.5

PAID = "model:"
"""Beginning of the names of steps that cost money (qlp/pipeline/model_calls.py)."""

FALLBACK_POLL_S = 2.0
"""How often a wait for a task looks into the database, in case the task ended in another process."""


class StepRecord(Frozen):
    """The outcome of a step as it is stored."""

    value: JsonValue = None
    problem: Problem | None = None


@functools.lru_cache(maxsize=256)
def _adapter(returns: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, returns))


class DurableRuntime:
    """Implements `qlp.pipeline.runtime.Runtime` inside a DBOS workflow."""

    def __init__(
        self,
        scope: RunScope,
        events: EventSink,
        start: Callable[[str], Awaitable[object]],
        pause: Callable[[RunScope, Problem], Awaitable[None]],
    ) -> None:
        """`pause` makes the run wait for its user and stops the scope."""
        self.run_id = scope.run_id
        self._scope = scope
        self._events = events
        self._start = start
        self._pause = pause

    async def step(self, name: str, returns: type[T], fn: Callable[[], Awaitable[T]]) -> T:
        """Raises the step's QLPError, also when it is replayed. A stopped run's step is not recorded.

        Neither is one that found a budget used up: the run waits for its user, and then asks again.
        """
        adapter = _adapter(cast(Hashable, returns))

        async def body() -> str:
            try:
                guard = self._scope.paid if name.startswith(PAID) else self._scope.guard
                value = await guard(_attempt(name, fn))
                record = StepRecord(value=adapter.dump_python(value, mode="json"))
            except QLPError as error:
                record = StepRecord(problem=await self._asked(error))
            except Exception as error:  # boundary: a defect is recorded like any other outcome
                log.exception("step %s of %s failed", name, self.run_id)
                record = StepRecord(problem=internal_problem(error))
            return record.model_dump_json()

        # No await before this line: steps that are started together must take their numbers in that order.
        record = StepRecord.model_validate_json(await DBOS.run_step_async({"name": name}, body))
        if record.problem is not None:
            raise from_problem(record.problem)
        return adapter.validate_python(record.value, strict=False)  # type: ignore[no-any-return]

    async def _asked(self, error: QLPError) -> Problem:
        """What is recorded for an error. A used-up budget is not: it stops the run, and this raises why."""
        if isinstance(error, BudgetExceededError) and not error.extra.get("optional"):
            try:
                await self._pause(self._scope, to_problem(error))
                self._scope.check()
            except QLPError as stopped:  # the deadline, say, while other calls ended
                return to_problem(stopped)
        return to_problem(error)

    async def start_task(self, task: TaskInput) -> None:
        self._scope.check()
        workflow_id = _workflow_id(self.run_id, task.round, task.task_id)
        self._scope.children.add(workflow_id)
        with SetWorkflowID(workflow_id):
            await self._start(task.model_dump_json())

    async def task_result(self, task_id: str, round: int) -> TaskResult:
        end = await self._scope.guard(self._end(task_id, round))
        if end.problem is not None:
            raise from_problem(end.problem)
        assert end.result is not None
        return end.result

    async def _end(self, task_id: str, round: int) -> TaskEnd:
        future = self._scope.end_of(round, task_id)
        workflow_id = _workflow_id(self.run_id, round, task_id)
        pause = FALLBACK_POLL_S if self._scope.attempt == 1 else 0.0
        while True:
            done, _ = await asyncio.wait({future}, timeout=pause)
            if done:
                return future.result()
            pause = FALLBACK_POLL_S
            # In an empty context: inside the workflow's own this look would be recorded as a step of it.
            look = asyncio.create_task(_stored_end(workflow_id), context=contextvars.Context())
            stored = await look
            if stored is not None:
                self._scope.publish(round, task_id, stored)

    async def emit(self, key: str, type: EventType, data: dict[str, Any]) -> None:
        if type not in LIFECYCLE:
            await self._events.append(self.run_id, key, type, data)


def _workflow_id(run_id: str, round: int, task_id: str) -> str:
    return f"{run_id}.{round}.{task_id}"


async def _stored_end(workflow_id: str) -> TaskEnd | None:
    status = await DBOS.get_workflow_status_async(workflow_id)
    if status is None or status.status in ("PENDING", "ENQUEUED", "DELAYED", "CANCELLED"):
        return None
    if status.status == "SUCCESS":
        return TaskEnd.model_validate_json(status.output or "")
    return TaskEnd(problem=Problem(code=QLPError.code, detail=f"the task's flow ended as {status.status}"))


async def _attempt(name: str, fn: Callable[[], Awaitable[T]]) -> T:
    pause = FIRST_PAUSE_S
    for left in reversed(range(ATTEMPTS)):
        try:
            return await fn()
        except INFRASTRUCTURE as error:
            if not left:
                raise
            log.warning("step %s: %s; %d attempts left", name, error, left)
            await asyncio.sleep(pause)
            pause *= 2
    raise AssertionError("unreachable")
