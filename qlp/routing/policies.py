"""Policies: from estimates to the chance with which each arm is chosen. Pure, so logged decisions can be replayed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from qlp.routing.decision import Estimate
from qlp.routing.features import Features
from qlp.routing.limits import PolicyName
from qlp.routing.thompson import mixed


class Policy(Protocol):
    @property
    def name(self) -> str: ...

    def probabilities(
        self, features: Features, estimates: Sequence[Estimate], wins: Sequence[float]
    ) -> tuple[float, ...]:
        """Sums to 1; 0 for arms that are not allowed. At least one is. `wins`: shares of Thompson draws."""


class Learned:
    """Thompson sampling; before `warmup` outcomes the best mean, so that a fresh installation is predictable."""

    name = "learned"

    def __init__(self, *, explore: float, warm: bool) -> None:
        self._explore = explore
        self._warm = warm

    def probabilities(
        self, features: Features, estimates: Sequence[Estimate], wins: Sequence[float]
    ) -> tuple[float, ...]:
        if not self._warm:
            return Greedy().probabilities(features, estimates, wins)
        costs = [e.cost_per_success.mean for e in estimates]
        return tuple(mixed(wins, costs, _allowed(estimates), self._explore))


class Greedy:
    """The least expected cost per verified success."""

    name = "greedy"

    def probabilities(
        self, features: Features, estimates: Sequence[Estimate], wins: Sequence[float]
    ) -> tuple[float, ...]:
        return _surely(min(_allowed(estimates), key=lambda i: estimates[i].cost_per_success.mean), estimates)


class Ladder:
    """Always from the lowest rung, and through all of them."""

    name = "ladder"

    def probabilities(
        self, features: Features, estimates: Sequence[Estimate], wins: Sequence[float]
    ) -> tuple[float, ...]:
        return _surely(max(_allowed(estimates), key=lambda i: (len(estimates[i].arm.ladder), -i)), estimates)


class Cheapest:
    """The cheapest first try, come what may."""

    name = "cheapest"

    def probabilities(
        self, features: Features, estimates: Sequence[Estimate], wins: Sequence[float]
    ) -> tuple[float, ...]:
        return _surely(min(_allowed(estimates), key=lambda i: estimates[i].first_try_usd), estimates)


class Best:
    """The surest, whatever it costs."""

    name = "best"

    def probabilities(
        self, features: Features, estimates: Sequence[Estimate], wins: Sequence[float]
    ) -> tuple[float, ...]:
        return _surely(max(_allowed(estimates), key=lambda i: estimates[i].success.low), estimates)


class Table:
    """An arm by name for each cell, or each difficulty (`d0` to `d4`), or `default`: written by hand, for replays."""

    def __init__(self, name: str, arms: dict[str, str]) -> None:
        self.name = name
        self._arms = arms

    def probabilities(
        self, features: Features, estimates: Sequence[Estimate], wins: Sequence[float]
    ) -> tuple[float, ...]:
        wanted = next((self._arms[k] for k in (features.cell, features.coarse, "default") if k in self._arms), None)
        found = next((i for i in _allowed(estimates) if estimates[i].name == wanted), None)
        if found is None:  # what the table names is not to be had here: the usual way
            return Ladder().probabilities(features, estimates, wins)
        return _surely(found, estimates)


def policy_of(name: PolicyName, *, explore: float, warm: bool) -> Policy:
    if name == "learned":
        return Learned(explore=explore, warm=warm)
    plain: dict[PolicyName, Policy] = {
        "greedy": Greedy(),
        "ladder": Ladder(),
        "cheapest": Cheapest(),
        "best": Best(),
    }
    return plain[name]


def _allowed(estimates: Sequence[Estimate]) -> list[int]:
    return [i for i, e in enumerate(estimates) if e.allowed]


def _surely(chosen: int, estimates: Sequence[Estimate]) -> tuple[float, ...]:
    return tuple(float(i == chosen) for i in range(len(estimates)))
