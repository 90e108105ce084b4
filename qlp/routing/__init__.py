"""Routing: which tier, which model and how many candidates a task gets, learned from what a verified result costs."""

from qlp.routing.arms import Arm, Rung
from qlp.routing.decision import Estimate, RouteDecision, RouteOutcome, TryOutcome
from qlp.routing.features import Features, features_of

__all__ = [
    "Arm",
    "Estimate",
    "Features",
    "RouteDecision",
    "RouteOutcome",
    "Rung",
    "TryOutcome",
    "features_of",
]
