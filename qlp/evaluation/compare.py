"""Pass rates with intervals, and whether two variants differ on the same tasks.

Interval: Wilson, "Probable inference, the law of succession, and statistical inference" (1927). Paired test: McNemar's
in its exact form, a two-sided binomial test over the tasks that only one of the two solves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

from qlp.evaluation.trials import Trial
from qlp.models import Usage
from qlp.models._base import Frozen

_Z = 1.959963984540054
"""97.5 % point of the normal distribution: intervals of 95 %."""


class Score(Frozen):
    """What one variant reached."""

    variant: str
    prompt: str
    """`name@sha256-prefix`."""
    passed: int
    trials: int
    low: float
    high: float
    """95 % interval of the pass rate."""
    errors: int
    """Trials that say nothing because the model or the sandbox failed; they count as not passed."""
    usage: Usage
    usd_per_pass: Decimal | None
    """None: nothing passed, or a price is unknown."""

    @property
    def rate(self) -> float:
        return self.passed / self.trials if self.trials else 0.0


class Comparison(Frozen):
    """Two variants on the same tasks."""

    first: str
    second: str
    only_first: int
    only_second: int
    p_value: float

    @property
    def says(self) -> str:
        if self.p_value >= 0.05:
            return "no significant difference"
        return f"{self.first if self.only_first > self.only_second else self.second} is better"


def score(variant: str, trials: Iterable[Trial]) -> Score:
    mine = [t for t in trials if t.variant == variant]
    passed = sum(t.outcome == "passed" for t in mine)
    low, high = wilson(passed, len(mine))
    usage = sum((t.usage for t in mine), Usage())
    return Score(
        variant=variant,
        prompt=mine[0].prompt if mine else "",
        passed=passed,
        trials=len(mine),
        low=low,
        high=high,
        errors=sum(t.outcome == "error" for t in mine),
        usage=usage,
        usd_per_pass=usage.cost_usd / passed if passed and usage.cost_usd is not None else None,
    )


def compare(first: str, second: str, trials: Sequence[Trial]) -> Comparison:
    """Over the trials that both made: the same task and the same repetition."""
    solved = {(t.variant, t.task, t.repetition): t.outcome == "passed" for t in trials}
    pairs = [
        (solved[first, task, r], solved[second, task, r])
        for v, task, r in solved
        if v == first and (second, task, r) in solved
    ]
    only_first, only_second = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    return Comparison(
        first=first,
        second=second,
        only_first=only_first,
        only_second=only_second,
        p_value=mcnemar(only_first, only_second),
    )


def wilson(passed: int, trials: int) -> tuple[float, float]:
    """95 % interval of a rate; (0, 1) without a trial."""
    if not trials:
        return 0.0, 1.0
    p, z2 = passed / trials, _Z * _Z
    middle = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z / (1 + z2 / trials) * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p-value; 1 where the two never differ."""
    n = only_first + only_second
    if not n:
        return 1.0
    tail: float = sum(math.comb(n, k) for k in range(min(only_first, only_second) + 1)) / 2**n
    return min(1.0, 2 * tail)
