"""The seam between the pipeline and what makes it durable.

The pipeline is written once against `Runtime`. In process it is a plain asyncio program; in a run worker the same
calls become DBOS steps and child workflows, so that a killed process goes on where it was.

Rules that keep a replay deterministic: every side effect and every clock reading happens inside `step`; tasks are
started in topological order; within one task steps follow each other (or are started together in a fixed order).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from qlp.models import Analysis, Event, EventType, Finding, Plan, Request, TaskResult
from qlp.models._base import Frozen

T = TypeVar("T")


class TaskInput(Frozen):
    """Everything a task's flow needs; its upstream results are asked from the runtime."""

    run_id: str
    request: Request
    analysis: Analysis
    plan: Plan
    task_id: str
    round: int = 0
    """0 for the first build; n for the n-th repair after whole-project verification."""
    previous: tuple[TaskResult, ...] = ()
    """Results of all tasks of the round before, in a repair round."""
    feedback: tuple[Finding, ...] = ()
    """What whole-project verification found, in a repair round."""


class Runtime(Protocol):
    run_id: str

    async def step(self, name: str, returns: type[T], fn: Callable[[], Awaitable[T]]) -> T:
        """Run `fn` once and remember its result (pydantic-serialisable). `name` is unique within its flow."""

    async def start_task(self, task: TaskInput) -> None:
        """Start a task's flow; it waits for its own dependencies. Idempotent by (run, round, task)."""

    async def task_result(self, task_id: str, round: int) -> TaskResult:
        """Wait for a started task. Re-raises its QLPError."""

    async def emit(self, key: str, type: EventType, data: dict[str, Any]) -> None:
        """Append to the run's event log; a second emit with the same key is a no-op."""


class EventSink(Protocol):
    async def append(self, run_id: str, key: str, type: EventType, data: dict[str, Any]) -> Event | None:
        """None if this (run, key) was appended before."""


TaskFlow = Callable[[Runtime, TaskInput], Awaitable[TaskResult]]


class InProcessRuntime:
    """Runs everything in this event loop; nothing survives the process."""

    def __init__(self, run_id: str, flow: TaskFlow, events: EventSink) -> None:
        self.run_id = run_id
        self._flow = flow
        self._events = events
        self._tasks: dict[tuple[int, str], asyncio.Task[TaskResult]] = {}

    async def step(self, name: str, returns: type[T], fn: Callable[[], Awaitable[T]]) -> T:
        return await fn()

    async def start_task(self, task: TaskInput) -> None:
        key = (task.round, task.task_id)
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._run(task), name=f"{self.run_id}.{task.round}.{task.task_id}")

    async def _run(self, task: TaskInput) -> TaskResult:
        return await self._flow(self, task)

    async def task_result(self, task_id: str, round: int) -> TaskResult:
        return await asyncio.shield(self._tasks[(round, task_id)])

    async def emit(self, key: str, type: EventType, data: dict[str, Any]) -> None:
        await self._events.append(self.run_id, key, type, data)

    async def close(self) -> None:
        """Cancel what still runs and wait for it."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
