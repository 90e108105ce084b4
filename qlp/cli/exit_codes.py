"""What the shell sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qlp.models import Decision, Run

VERIFIED = 0
FAILED = 1
USAGE = 2
UNVERIFIED = 3
BUDGET = 4
INTERRUPTED = 130

_BY_CODE = {
    "no_generator": UNVERIFIED,
    "budget_exceeded": BUDGET,
    "unpriced_model": BUDGET,
    "invalid_request": USAGE,
    "request_too_large": USAGE,
    "contradictory_request": USAGE,
}


def of_error(code: str) -> int:
    return _BY_CODE.get(code, FAILED)


def of_run(run: Run) -> int:
    """0 verified, 1 failed, 3 finished but unverified; a problem has its own code."""
    if run.problem is not None:
        return of_error(run.problem.code)
    if run.outcome is None:
        return FAILED
    return of_decision(run.outcome.decision)


def of_decision(decision: Decision) -> int:
    """0 accepted, 1 rejected, 3 for everything that somebody or something still has to look at."""
    return {"accept": VERIFIED, "reject": FAILED}.get(decision, UNVERIFIED)
