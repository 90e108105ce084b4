"""Where routing starts before anything was observed: package data (data/priors.json), and what follows from it."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from qlp.models import Tier
from qlp.models._base import Frozen
from qlp.routing.arms import PROJECT, Try

Row = tuple[float, float, float, float, float]
"""By difficulty, 0 to 4."""


class Rules(Frozen):
    """Bounds of the features."""

    small_files: int
    medium_files: int
    small_chars: int
    medium_chars: int
    small_things: int
    """Entities, functions and commands."""
    medium_things: int
    ambiguous_from: int
    """Assumptions from which a request counts as ambiguous."""


class Priors(Frozen):
    version: int
    about: str
    success: dict[Tier, Row]
    """Chance that a first try with one candidate is verified."""
    strength: float
    """How many outcomes a prior success is worth."""
    pooling: float
    """How many outcomes the wider level is worth: the task's difficulty for its cell, all tenants for one tenant."""
    after_failure_odds: dict[Tier, float]
    """Factor on the odds of a tier's success for each try that has failed: the task is harder than it looked."""
    after_project_odds: dict[Tier, float]
    """The same when the whole project has failed its verification."""
    concentration: float
    """Candidates of one prompt hang together: Beta(p*c, (1-p)*c) over tasks. Small: a task is easy or hopeless."""
    input_tokens: dict[Tier, Row]
    output_tokens: dict[Tier, Row]
    seconds: dict[Tier, Row]
    assumed_price_per_mtok: dict[Tier, tuple[float, float]]
    """US dollars for a million tokens in and out, for weighing a model whose price is unknown; never for billing."""
    cost_strength: float
    """How many outcomes the expected cost and time are worth."""
    cost_variation: float
    """Standard deviation of a try's cost over its mean."""
    sharpness: float
    """Thompson draws are taken as if this many times as much was known: with many ways to choose from, draws as wide
    as the belief go on exploring what cannot win any more (measured in benchmarks/routing.py)."""
    rules: Rules
    forgetting: float
    """Factor on what was observed in a cell for every newer outcome in it."""
    cost_forgetting: float
    """The same for cost and time, for every newer outcome of the same kind of try: they scatter little, so a short
    memory is enough, and a new price is noticed soon."""
    half_life_days: float
    """What was observed counts half after so many days."""
    recent: int
    """Latest outcomes in which a change is looked for."""
    change_threshold: float
    """Twice the log-likelihood ratio from which two parts of the recent outcomes count as different."""
    change_least: int
    """Outcomes on each side of a change."""
    similar_from: float
    """Jaccard similarity from which a past request is similar."""
    similar_weight: float
    """Outcomes that the most similar past run is worth."""
    similar_looked_at: int
    """Latest decisions of the tenant among which similar ones are looked for."""

    def success_of(self, one: Try, difficulty: int) -> float:
        """Chance that a try is verified: on the odds of a first one, a factor for each failure before."""
        p = self.success[one.tier][difficulty]
        if one.after:
            project = one.after == PROJECT
            factor = (self.after_project_odds if project else self.after_failure_odds)[one.tier]
            odds = p / (1 - p) * factor ** (1 if project else int(one.after.partition(":")[2]))
            p = odds / (1 + odds)
        return pass_at_n(p, one.n, self.concentration)


def pass_at_n(p: float, n: int, concentration: float) -> float:
    """Chance that one of `n` candidates passes if one passes with `p`, beta-binomial: 1 - prod (b+i)/(a+b+i)."""
    if not 0.0 < p < 1.0:
        return p
    a, b = p * concentration, (1 - p) * concentration
    missed = 1.0
    for i in range(n):
        missed *= (b + i) / (a + b + i)
    return 1 - missed


@cache
def priors() -> Priors:
    text = resources.files("qlp.routing").joinpath("data/priors.json").read_text("utf-8")
    return Priors.model_validate(json.loads(text))


def rules() -> Rules:
    return priors().rules
