"""What routing decided and why, and what came of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qlp.models import Tier
from qlp.models._base import Frozen
from qlp.routing.arms import Arm
from qlp.routing.features import Features


class Interval(Frozen):
    """A mean and the bounds between which 80 % of the belief lie."""

    mean: float
    low: float
    high: float


class Estimate(Frozen):
    """What is expected of one arm, escalation included."""

    arm: Arm
    success: Interval
    """Chance of a verified result."""
    cost_usd: float
    """Expected model cost, failed tries included."""
    cost_per_success: Interval
    """US dollars for each verified success, waiting included at `routing.second_usd`."""
    seconds: float
    """Expected latency."""
    first_try_usd: float
    observed: float
    """Outcomes, discounted, that speak about its first try; 0: priors alone."""
    priced: bool = True
    """False: at least one model's price is unknown, and an assumed one was used for weighing."""
    allowed: bool = True
    why_not: str = ""
    wins: float = 0.0
    """Share of Thompson draws in which it was the cheapest: what `learned` would go by, whoever decided."""
    propensity: float = 0.0
    """Chance that this arm was to be chosen: what an offline estimate needs."""

    @property
    def name(self) -> str:
        return self.arm.name


class Assigned(Frozen):
    """An experiment that this decision is part of."""

    experiment: str
    version: str
    """Digest of the definition: what was observed under another one is not mixed in."""
    arm: str
    unit: str


class RouteDecision(Frozen):
    """Which arm a task takes. `arm.ladder[0]` serves the first try."""

    schema_version: Literal[1] = 1
    id: str
    """`<run>:<round>:<task>`; the same for a replay."""
    run_id: str
    task_id: str
    tenant: str
    policy: str
    features: Features
    chosen: Estimate
    alternatives: tuple[Estimate, ...]
    """The other arms, the cheapest per verified success first; those that are not allowed last, with the reason."""
    max_attempts: int
    seed: int
    reasons: tuple[str, ...]
    overrides: tuple[str, ...] = ()
    """What narrowed the choice: the request's tier, a rule of the task type or the tenant, a floor, an experiment."""
    prompts: dict[str, str] = Field(default_factory=dict)
    """Role -> prompt of an experiment; empty: the usual ones."""
    swapped: dict[Tier, str] = Field(default_factory=dict)
    """Tier -> model that an experiment puts in the place of the configured one."""
    experiments: tuple[Assigned, ...] = ()

    @property
    def tier(self) -> Tier:
        return self.chosen.arm.ladder[0].tier

    @property
    def model(self) -> str:
        return self.chosen.arm.ladder[0].model

    @property
    def n(self) -> int:
        return self.chosen.arm.n

    @property
    def ladder(self) -> tuple[Tier, ...]:
        return self.chosen.arm.tiers

    @property
    def models(self) -> dict[Tier, str]:
        return {rung.tier: rung.model for rung in self.chosen.arm.ladder}


class TryOutcome(Frozen):
    """One try as it ended. `verified` None: nothing that was executed has told yet."""

    tier: Tier
    model: str
    n: int = 1
    after: str = ""
    """As `Try.after`."""
    verified: bool | None
    cost_usd: float | None = None
    """None: unknown price."""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float | None = None


class RouteOutcome(Frozen):
    """What became of a decision, by executed verdicts alone: never by what a model says of its work."""

    decision_id: str
    tries: tuple[TryOutcome, ...]
    seconds: float | None = None
    """From the decision to the end of the last try."""
    verified: bool | None = None
    """None: accepted so far, but its tests have not run: `Router.settle` tells later."""
