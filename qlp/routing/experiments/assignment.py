"""Who gets which arm: by hash, so the same unit always gets the same one, without a table and on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from pydantic import Field

from qlp.config import ExperimentSettings
from qlp.models import Tier
from qlp.models._base import Frozen
from qlp.routing.limits import PolicyName

_POINTS = 2**64


class Difference(Frozen):
    """What the arms of a run's experiments change, together."""

    policy: PolicyName | None = None
    models: dict[Tier, str] = Field(default_factory=dict)
    prompts: dict[str, str] = Field(default_factory=dict)

    def __add__(self, other: Difference) -> Difference:
        """Where two experiments change the same thing the first one's change stands."""
        return Difference(
            policy=self.policy or other.policy,
            models={**other.models, **self.models},
            prompts={**other.prompts, **self.prompts},
        )


def difference_of(experiment: ExperimentSettings, arm: str) -> Difference:
    chosen = experiment.arms[arm]
    return Difference(policy=chosen.policy, models=dict(chosen.models), prompts=dict(chosen.prompts))


def control_of(experiment: ExperimentSettings) -> str:
    """The first arm."""
    return next(iter(experiment.arms))


def unit_of(experiment: ExperimentSettings, *, run_id: str, tenant: str, user: str | None) -> str:
    """Without a user, as from the command line, the tenant stands for it."""
    return {"run": run_id, "tenant": tenant, "user": f"{tenant}/{user}" if user else tenant}[experiment.unit]


def assigned_arm(name: str, experiment: ExperimentSettings, unit: str, *, stopped: Collection[str] = ()) -> str | None:
    """None: this unit takes no part. The units of a stopped arm get the control; nobody else's arm changes."""
    if _point(f"{name}\0share", unit) >= experiment.share:
        return None
    total = sum(arm.weight for arm in experiment.arms.values())
    point, upper = _point(name, unit) * total, 0.0
    for arm, settings in experiment.arms.items():
        upper += settings.weight
        if point < upper:
            return control_of(experiment) if arm in stopped else arm
    return control_of(experiment)


def _point(salt: str, unit: str) -> float:
    """In [0, 1), evenly over units."""
    digest = hashlib.sha256(f"{salt}\0{unit}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / _POINTS
