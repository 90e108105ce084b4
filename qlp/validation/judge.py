"""Whether the stages' results make a project verified, by the words of a policy."""

from __future__ import annotations

from collections.abc import Sequence

from qlp.models import Stage, StageResult
from qlp.validation.policy import Policy


def required_stages(results: Sequence[StageResult], policy: Policy) -> tuple[Stage, ...]:
    """Those that must pass: always, or where the project can have them."""
    return tuple(
        r.stage
        for r in results
        if (asked := policy.stage(r.stage).required) == "always" or (asked == "applicable" and r.applicable)
    )


def is_verified(results: Sequence[StageResult], policy: Policy) -> bool:
    """Every required stage passed, none that blocks failed or errored, and at least one passed at all."""
    status = {r.stage: r.status for r in results}
    return (
        all(status[s] == "passed" for s in required_stages(results, policy))
        and all(s in ("passed", "skipped") or not policy.stage(stage).blocks for stage, s in status.items())
        and "passed" in status.values()
    )
