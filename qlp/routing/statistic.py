"""What was observed of one kind of try: discounted counts, and the latest outcomes in which a change is looked for.

Old outcomes fade with every newer outcome of the same cell, also of other tries (discounted Thompson sampling, Raj &
Kalyani 2017), and with time, so a try that nobody makes any more becomes uncertain again. A sudden change is found
sooner by a generalised likelihood ratio over the latest outcomes (as GLR-klUCB, Besson & Kaufmann 2019); what was
before it is then forgotten at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from qlp.models._base import Frozen
from qlp.routing.priors import Priors

_DAY = 86_400.0
_FADING = ("weight", "verified", "costed", "cost", "timed", "seconds")


class Seen(Frozen):
    """One observed try."""

    verified: bool
    cost_usd: float
    seconds: float | None = None


class Statistic(Frozen):
    """Pure: `after` makes the next one. Weights are in outcomes; costs in US dollars."""

    schema_version: int = 1
    weight: float = 0.0
    verified: float = 0.0
    costed: float = 0.0
    """Weight of the outcomes whose cost is known."""
    cost: float = 0.0
    """Discounted sum."""
    timed: float = 0.0
    """Weight of the outcomes whose seconds are known."""
    seconds: float = 0.0
    """Discounted sum."""
    recent: tuple[int, ...] = ()
    """1 verified, 0 not; oldest first, since the last change."""
    tick: int = 0
    """The cell's count of outcomes when this was last written."""
    at: float = 0.0
    """Unix seconds."""
    changes: int = 0

    def faded(self, tick: int, at: float, p: Priors) -> Statistic:
        """As it counts now. A clock that goes backwards fades nothing."""
        ticks, days = max(tick - self.tick, 0), max(at - self.at, 0.0) / _DAY
        factor = p.forgetting**ticks * 0.5 ** (days / p.half_life_days)
        return self.model_copy(
            update={name: getattr(self, name) * factor for name in _FADING}
            | {"tick": max(tick, self.tick), "at": max(at, self.at)}
        )

    def after(self, seen: Seen, tick: int, at: float, p: Priors) -> Statistic:
        now = self.faded(tick, at, p)
        recent = (*now.recent, int(seen.verified))[-p.recent :]
        added = now.model_copy(
            update={
                "weight": now.weight + 1,
                "verified": now.verified + seen.verified,
                "costed": now.costed * p.cost_forgetting + 1,
                "cost": now.cost * p.cost_forgetting + seen.cost_usd,
                "timed": now.timed * p.cost_forgetting + (seen.seconds is not None),
                "seconds": now.seconds * p.cost_forgetting + (seen.seconds or 0.0),
                "recent": recent,
            }
        )
        since = change_in(recent, p.change_threshold, p.change_least)
        return added if since is None else added._since(recent[since:])

    def without(self, part: Statistic) -> Statistic:
        """What is left without the outcomes of a part; never negative, since the two fade by clocks of their own."""
        weight = max(self.weight - part.weight, 0.0)
        return Statistic(
            weight=weight,
            verified=min(max(self.verified - part.verified, 0.0), weight),
            costed=max(self.costed - part.costed, 0.0),
            cost=max(self.cost - part.cost, 0.0) if self.costed > part.costed else 0.0,
            timed=max(self.timed - part.timed, 0.0),
            seconds=max(self.seconds - part.seconds, 0.0) if self.timed > part.timed else 0.0,
        )

    def _since(self, recent: tuple[int, ...]) -> Statistic:
        """Successes from the outcomes after the change alone; what a try costs did not change with them."""
        kept = min(len(recent) / self.weight, 1.0)
        return self.model_copy(
            update={
                "weight": float(len(recent)),
                "verified": float(sum(recent)),
                "costed": self.costed * kept,
                "cost": self.cost * kept,
                "timed": self.timed * kept,
                "seconds": self.seconds * kept,
                "recent": recent,
                "changes": self.changes + 1,
            }
        )


def change_in(outcomes: Sequence[int], threshold: float, least: int) -> int | None:
    """Where the outcomes after differ most from those before, if twice the log-likelihood ratio reaches `threshold`."""
    n, total = len(outcomes), sum(outcomes)
    whole = _log_likelihood(total, n)
    best, where, left = threshold, None, 0
    for i in range(1, n):
        left += outcomes[i - 1]
        if i < least or n - i < least:
            continue
        ratio = 2 * (_log_likelihood(left, i) + _log_likelihood(total - left, n - i) - whole)
        if ratio >= best:
            best, where = ratio, i
    return where


def _log_likelihood(ones: int, n: int) -> float:
    """Of a Bernoulli sample at its own mean."""
    if ones in (0, n):
        return 0.0
    p = ones / n
    return ones * math.log(p) + (n - ones) * math.log(1 - p)
