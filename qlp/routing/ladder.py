"""What a whole ladder costs and reaches: a failed try is paid for too, and then the next one begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qlp.models._base import Frozen


class Step(Frozen):
    """One try as a point: the chance that it is verified, US dollars, seconds."""

    success: float
    cost_usd: float
    seconds: float = 0.0


class Value(Frozen):
    """Expected over a ladder. Cost counts every try that is made; `success` that one of them is verified."""

    success: float
    cost_usd: float
    seconds: float

    def per_success(self, second_usd: float = 0.0) -> float:
        """Expected US dollars for each verified success: cost over success, waiting included at its price."""
        return (self.cost_usd + self.seconds * second_usd) / self.success if self.success > 0 else float("inf")


def value_of(steps: Iterable[Step]) -> Value:
    """A try is made if all before it failed. The chances are conditional already on what failed before."""
    reached, cost, seconds = 1.0, 0.0, 0.0
    for step in steps:
        cost += reached * step.cost_usd
        seconds += reached * step.seconds
        reached *= 1 - step.success
    return Value(success=1 - reached, cost_usd=cost, seconds=seconds)


def quantile(values: Sequence[float], q: float) -> float:
    """Nearest rank; `values` need not be sorted."""
    ordered = sorted(values)
    return ordered[min(int(q * len(ordered)), len(ordered) - 1)]
