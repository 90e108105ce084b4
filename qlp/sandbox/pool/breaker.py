"""Stops asking a backend that keeps failing, and asks again after a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from qlp.errors import QLPError, SandboxUnavailableError

FAILURES = 3
"""In a row that open the breaker."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class Breaker:
    """Closed: everybody may try. Open: nobody until the pause is over. Half-open: one tries for all."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._until: float | None = None
        self._trying = False
        self._error: Exception | None = None

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        if self._until is None:
            return "closed"
        return "open" if self._clock() < self._until else "half-open"

    @property
    def probing(self) -> bool:
        """Half-open, and the one that tries is under way: waiting for it is worth while."""
        return self._trying

    def allows(self) -> bool:
        """Whether a try may start now."""
        return self.state == "closed" or (self.state == "half-open" and not self._trying)

    def refusal(self) -> Exception:
        """What a caller is told who may not try: the last failure, with its remedy."""
        error = self._error
        if isinstance(error, QLPError):
            return type(error)(error.detail, **error.extra)  # a new one each time: a raised error grows its traceback
        return SandboxUnavailableError(f"sandboxes cannot be made here for now ({type(error).__name__})")

    def begin(self) -> None:
        """A try starts; `succeeded`, `failed` or `abandoned` must follow."""
        if self.state == "half-open":
            self._trying = True

    def succeeded(self) -> None:
        self._failures, self._pause_s, self._until, self._trying, self._error = 0, FIRST_PAUSE_S, None, False, None

    def failed(self, error: Exception) -> None:
        self._error = error
        self._failures += 1
        if self._until is not None and self._trying:
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        if self._trying or (self._until is None and self._failures >= FAILURES):
            self._until = self._clock() + self._pause_s
        self._trying = False

    def abandoned(self) -> None:
        """The try says nothing about the backend: it was cancelled, or its request was wrong."""
        self._trying = False
