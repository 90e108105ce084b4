"""Where the parts of all stages come together: a stage is told as soon as the last toolchain has done its part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from qlp.models import Stage, StageResult
from qlp.validation.parts import Part, merge
from qlp.validation.policy import Policy

StageListener = Callable[[StageResult], Awaitable[None]]


class Board:
    """Of one validation, in one event loop."""

    def __init__(self, wanted: Sequence[Stage], policy: Policy, on_stage: StageListener | None) -> None:
        self._policy = policy
        self._on_stage = on_stage
        self._expected: dict[Stage, list[tuple[str, str]]] = {s: [] for s in wanted}
        self._parts: dict[tuple[Stage, str, str], Part] = {}
        self._results: dict[Stage, StageResult] = {}

    def expect(self, stage: Stage, group: str, toolchain: str) -> None:
        """Before anything begins; the order is that in which findings are listed."""
        self._expected[stage].append((group, toolchain))

    async def open(self) -> None:
        """Everything is expected now; a stage of which nobody has a part is told at once."""
        for stage, expected in self._expected.items():
            if not expected:
                await self._finish(stage)

    async def add(self, group: str, part: Part) -> None:
        self._parts[part.stage, group, part.toolchain] = part
        if all((part.stage, *who) in self._parts for who in self._expected[part.stage]):
            await self._finish(part.stage)

    def missing(self, group: str) -> list[tuple[Stage, str]]:
        """(stage, toolchain) of which this group has not yet said anything."""
        return [
            (stage, toolchain)
            for stage, expected in self._expected.items()
            for who, toolchain in expected
            if who == group and (stage, who, toolchain) not in self._parts
        ]

    def results(self) -> tuple[StageResult, ...]:
        """In the order of the stages asked for. Raises KeyError while one is not finished."""
        return tuple(self._results[stage] for stage in self._expected)

    async def _finish(self, stage: Stage) -> None:
        parts = [self._parts[stage, group, toolchain] for group, toolchain in self._expected[stage]]
        result = self._results[stage] = merge(stage, parts, self._policy)
        if self._on_stage is not None:
            await self._on_stage(result)
