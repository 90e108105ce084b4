"""What the flows of one run share inside a worker: the stop signal and the results of finished tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from qlp.models import Problem, TaskResult
from qlp.models._base import Frozen

T = TypeVar("T")


class TaskEnd(Frozen):
    """How a task's flow ended: exactly one of the two is set."""

    result: TaskResult | None = None
    problem: Problem | None = None


class RunScope:
    """One run as this process advances it. Belongs to one event loop."""

    def __init__(self, run_id: str, *, attempt: int = 1) -> None:
        self.run_id = run_id
        self.attempt = attempt
        """Above 1, tasks may have ended in an earlier process: their results are in the database only."""
        self.children: set[str] = set()
        """Workflow ids of the tasks that were started."""
        self._stop: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._ends: dict[tuple[int, str], asyncio.Future[TaskEnd]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._pausing = False
        self._paid = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    def stop(self, reason: BaseException) -> None:
        """Everything that is guarded is cancelled and raises `reason`, now and from now on."""
        if not self._stop.done():
            self._stop.set_result(reason)

    def stop_after(self, seconds: float, reason: BaseException) -> None:
        self._timer = asyncio.get_running_loop().call_later(max(0.0, seconds), self.stop, reason)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def check(self) -> None:
        if self._stop.done():
            raise self._stop.result()

    async def guard(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` unless and until the run is stopped; its clean-up ends before this raises."""
        if self._stop.done():
            work.close()
            raise self._stop.result()
        task = asyncio.ensure_future(work)
        try:
            watched: set[asyncio.Future[Any]] = {task, self._stop}
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
                if not task.cancelled():
                    task.exception()  # seen: the stop outranks what the clean-up raised
        raise self._stop.result()

    async def paid(self, work: Coroutine[Any, Any, T]) -> T:
        """`guard` for work that costs money: a pause lets it end, so that its answer is not paid for twice."""
        if self._pausing:
            work.close()
            raise await asyncio.shield(self._stop)
        self._paid += 1
        self._quiet.clear()
        try:
            return await self.guard(work)
        finally:
            self._paid -= 1
            if not self._paid:
                self._quiet.set()

    async def settle_down(self) -> None:
        """Begin no more paid work, and wait until that at hand has ended (it has deadlines) or the run is stopped."""
        self._pausing = True
        quiet = asyncio.ensure_future(self._quiet.wait())
        try:
            watched: set[asyncio.Future[Any]] = {quiet, self._stop}
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        finally:
            quiet.cancel()

    def end_of(self, round: int, task_id: str) -> asyncio.Future[TaskEnd]:
        key = (round, task_id)
        if key not in self._ends:
            self._ends[key] = asyncio.get_running_loop().create_future()
        return self._ends[key]

    def publish(self, round: int, task_id: str, end: TaskEnd) -> None:
        """Wake those that wait for the task, without a round trip through the database."""
        future = self.end_of(round, task_id)
        if not future.done():
            future.set_result(end)
