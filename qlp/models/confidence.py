from __future__ import annotations

from typing import Literal

from qlp.models._base import Frozen


class Contribution(Frozen):
    feature: str
    """Name of the feature, or in brackets a part that no feature moved: base rate, calibration, generator."""
    value: float | None
    """None where it was not measured; that may move the log-odds, too."""
    effect: float
    """Change of the log-odds by this feature."""


Calibration = Literal["uncalibrated", "uncalibrated for this model", "calibrated"]


class Confidence(Frozen):
    """P(correct) and what moved it. `label` says whether the number has been calibrated on outcomes."""

    probability: float
    label: Calibration
    formula: str
    """`name@version` of the documented formula or model."""
    contributions: tuple[Contribution, ...]
    model_digest: str = ""
    """sha256 of the shipped or retrained model's file."""
    interval: tuple[float, float] | None = None
    """Lower and upper bound of the calibrated probability (Venn-Abers), where the calibration gives one."""
    generator: str = ""
    outcomes: int = 0
    """Outcomes of this generator that the calibration rests on."""


Decision = Literal["accept", "repair", "ai_review", "human_review", "reject", "unverified"]
