"""What is believed of one kind of try: the prior, drawn towards what all tenants saw, then towards what this one saw.

Each level is a Beta distribution whose mean is the level's above and whose weight is `Priors.pooling` outcomes
(empirical-Bayes shrinkage): package prior, difficulty over all tenants, cell over all tenants, cell of this tenant,
similar requests of this tenant. With few outcomes of its own a tenant goes by the others', with many by its own.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from qlp.models._base import Frozen
from qlp.routing.arms import Rung, Try
from qlp.routing.priors import Priors
from qlp.routing.statistic import Statistic

_PER_MILLION = 1_000_000.0
_NESTED = 3
"""Levels of which each is part of the one before."""
_SURE = 1e-4
"""No success is believed closer to 0 or 1."""


class Belief(Frozen):
    """Success ~ Beta(alpha, beta). The cost's mean is known up to a Gamma factor of mean 1 and shape `cost_shape`."""

    alpha: float
    beta: float
    cost_usd: float
    cost_shape: float
    seconds: float
    observed: float
    """Outcomes, discounted, of the widest level: 0 means that this is the prior alone."""
    priced: bool = True

    @property
    def success(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    def drawn(self, chance: random.Random, sharpness: float = 1.0) -> tuple[float, float]:
        """One sample of (success, cost); with a `sharpness` of 2 as if twice as much was known."""
        shape = self.cost_shape * sharpness
        factor = chance.gammavariate(shape, 1 / shape)
        return chance.betavariate(self.alpha * sharpness, self.beta * sharpness), self.cost_usd * factor


def believe(
    rung: Rung, one: Try, difficulty: int, levels: Sequence[Statistic], costs: Sequence[Statistic], p: Priors
) -> Belief:
    """`levels` from the widest to the closest, faded to now; each counts only what the next one does not hold.

    `costs` the same of all tries of this tier, model and n, whatever failed before: what they cost is common to all,
    and a first try is at least as likely to succeed as they are.
    """
    tokens_in, tokens_out = p.input_tokens[one.tier][difficulty], p.output_tokens[one.tier][difficulty]
    price_in, price_out = price_of(rung, p)
    usd = one.n * (tokens_in * price_in + tokens_out * price_out) / _PER_MILLION
    mean, strength = p.success_of(one, difficulty), p.strength
    tier = _Mean(mean, p.strength)
    cost = _Mean(usd, p.cost_strength)
    seconds = _Mean(p.seconds[one.tier][difficulty], p.cost_strength)
    for level in _apart(costs):
        tier = tier.drawn_to(level.verified, level.weight, p.pooling)
        cost = cost.drawn_to(level.cost, level.costed, p.cost_strength)
        seconds = seconds.drawn_to(level.seconds, level.timed, p.cost_strength)
    known = cost.strength
    if not one.after:  # a task that nobody has failed at yet is no harder than one at which somebody has
        mean = max(mean, tier.value)
    for level in _apart(levels):
        towards = min(strength, p.pooling)
        mean = (level.verified + towards * mean) / (level.weight + towards)
        strength = level.weight + towards
        cost = cost.drawn_to(level.cost, level.costed, p.cost_strength)
        seconds = seconds.drawn_to(level.seconds, level.timed, p.cost_strength)
    mean = min(max(mean, _SURE), 1 - _SURE)
    return Belief(
        alpha=mean * strength,
        beta=(1 - mean) * strength,
        cost_usd=cost.value,
        cost_shape=max(known, cost.strength) / p.cost_variation**2,
        seconds=seconds.value,
        observed=max((level.weight for level in levels), default=0.0),
        priced=rung.priced,
    )


class _Mean(NamedTuple):
    value: float
    strength: float
    """In outcomes."""

    def drawn_to(self, total: float, weight: float, pull: float) -> _Mean:
        """With new outcomes of sum `total`; what was known counts as at most `pull` of them."""
        old = min(self.strength, pull)
        return _Mean((total + old * self.value) / (weight + old), weight + old)


def _apart(levels: Sequence[Statistic]) -> list[Statistic]:
    """A tenant's outcomes are part of all tenants': counted once. Those of similar requests count again, on top."""
    nested = levels[:_NESTED]
    return [wide.without(close) for wide, close in pairwise(nested)] + list(nested[-1:]) + list(levels[_NESTED:])


def price_of(rung: Rung, p: Priors) -> tuple[float, float]:
    """US dollars for a million tokens in and out; an assumed price where none is known."""
    assumed = p.assumed_price_per_mtok[rung.tier]
    return (
        rung.input_usd if rung.input_usd is not None else assumed[0],
        rung.output_usd if rung.output_usd is not None else assumed[1],
    )
