"""What a validation may cost: wall clock of a stage and of the whole, processor seconds of all commands."""

from __future__ import annotations

import time
from collections.abc import Callable

from qlp.models import Stage
from qlp.validation.policy import Policy


class Budget:
    """One validation's. Its clock starts when the first sandbox is there: waiting for a place costs nothing."""

    def __init__(self, policy: Policy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._began: float | None = None
        self._cpu_s = 0.0

    def begin(self) -> None:
        if self._began is None:
            self._began = self._clock()

    def spend(self, cpu_s: float) -> None:
        self._cpu_s += cpu_s

    @property
    def cpu_s(self) -> float:
        """Processor seconds used so far."""
        return self._cpu_s

    def left(self) -> float:
        """Seconds; not below 0."""
        if self._began is None:
            return self._policy.wall_s
        return max(0.0, self._policy.wall_s - (self._clock() - self._began))

    def used_up(self) -> str:
        """What of it is used up, as a reason; empty while there is some left."""
        if self._cpu_s >= self._policy.cpu_s:
            return f"the validation's budget of {self._policy.cpu_s:g} processor seconds is used up"
        if self.left() <= 0:
            return f"the validation's time budget of {self._policy.wall_s:g} s is used up"
        return ""

    def stage(self, stage: Stage) -> StageBudget:
        """A clock of its own, which starts with the stage's first command."""
        return StageBudget(self, stage, self._policy.stage(stage).wall_s, self._clock)


class StageBudget:
    """What one stage may use in one sandbox; never more than the whole has left."""

    def __init__(self, whole: Budget, stage: Stage, wall_s: float, clock: Callable[[], float]) -> None:
        self._whole = whole
        self._stage = stage
        self._wall_s = wall_s
        self._clock = clock
        self._began: float | None = None

    def spend(self, cpu_s: float) -> None:
        self._whole.spend(cpu_s)

    def begin(self) -> None:
        if self._began is None:
            self._began = self._clock()

    def left(self) -> float:
        """Seconds; not below 0."""
        own = self._wall_s - (self._clock() - self._began) if self._began is not None else self._wall_s
        return max(0.0, min(own, self._whole.left()))

    def used_up(self) -> str:
        """A reason; empty while there is some left."""
        if whole := self._whole.used_up():
            return whole
        return f"the time budget of stage {self._stage}, {self._wall_s:g} s, is used up" if self.left() <= 0 else ""
