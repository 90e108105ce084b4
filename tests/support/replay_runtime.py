"""A runtime that records its steps as JSON, may die between two of them, and goes on from what was recorded.

It does to a flow what a killed and restarted worker does: everything outside of steps runs again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import TypeAdapter

from qlp.models import EventType, TaskResult
from qlp.pipeline.runtime import TaskInput

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone. No code of the platform catches this."""


class ReplayRuntime:
    run_id = "run_1"

    def __init__(self) -> None:
        self.recorded: dict[str, bytes] = {}
        self.ran: list[str] = []
        """Names of the steps that ran in this life."""
        self.left: int | None = None
        """Steps until it dies; None: it does not."""

    def restarted(self) -> ReplayRuntime:
        again = ReplayRuntime()
        again.recorded = dict(self.recorded)
        return again

    async def step(self, name: str, returns: type[T], fn: Callable[[], Awaitable[T]]) -> T:
        adapter: TypeAdapter[Any] = TypeAdapter(returns)
        if name not in self.recorded:
            if self.left == 0:
                raise Killed(name)
            assert name not in self.ran, f"two steps are called {name}"
            self.ran.append(name)
            self.recorded[name] = adapter.dump_json(await fn())
            if self.left is not None:
                self.left -= 1
        value: T = adapter.validate_json(self.recorded[name])
        return value

    async def start_task(self, task: TaskInput) -> None:
        raise NotImplementedError

    async def task_result(self, task_id: str, round: int) -> TaskResult:
        raise NotImplementedError

    async def emit(self, key: str, type: EventType, data: dict[str, Any]) -> None:
        pass
