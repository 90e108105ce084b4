from __future__ import annotations

from typing import Literal

from qlp.models._base import Frozen


class Contribution(Frozen):
    feature: str
    value: float
    effect: float
    """Change of the log-odds by this feature."""


class Confidence(Frozen):
    """P(correct) and what moved it. `label` says whether the number has been calibrated on outcomes."""

    probability: float
    label: Literal["uncalibrated", "calibrated"]
    formula: str
    """`name@version` of the documented formula or model."""
    contributions: tuple[Contribution, ...]


Decision = Literal["accept", "reject", "unverified"]
