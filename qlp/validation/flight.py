"""Equal validations at the same time are one: its stages are told to all who asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from qlp.models import StageResult, Verdict
from qlp.store import flights

Tell = Callable[[StageResult], Awaitable[None]]
Work = Callable[[Tell], Coroutine[Any, Any, Verdict]]
Flights = flights.Flights[Verdict, StageResult]
