"""When to stop drawing candidates: samples come in growing waves, and each wave is judged before the next is drawn.

Where tests decide, one passing candidate is enough. Where only agreement ranks candidates, drawing goes on until it is
unlikely that another behaviour would overtake the leading one: the Beta criterion of Aggarwal et al., "Let's Sample
Step by Step: Adaptive-Consistency for Efficient Reasoning and Coding with LLMs" (EMNLP 2023), section 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_GROWTH = 3


def waves(total: int, first: int = 1) -> tuple[int, ...]:
    """Sizes that add up to `total`: `first`, three times that, nine times that, ... and the rest.

    Growing keeps the calls few, whose prompts are paid each time; 1 + 3 is also the smallest number of samples whose
    unanimity is enough at 95 %. Other schedules were measured in benchmarks/best_of_n.py.
    """
    sizes: list[int] = []
    left, size = total, first
    while left > 0:
        sizes.append(min(size, left))
        left -= sizes[-1]
        size *= _GROWTH
    return tuple(sizes)


def split(size: int, members: int, first: int) -> tuple[int, ...]:
    """A wave's samples over the members of an ensemble, the `first`-th sample of all going to member `first` mod
    `members`: so everybody is asked before anybody is asked twice."""
    shares = [0] * members
    for i in range(size):
        shares[(first + i) % members] += 1
    return tuple(shares)


def lead_confidence(counts: Sequence[int]) -> float:
    """Probability that the leading behaviour is more frequent than the next one, given how often each was seen.

    P(p > 1/2) for p ~ Beta(v1 + 1, v2 + 1), which for whole numbers is a binomial tail.
    """
    ordered = sorted(counts, reverse=True)
    if not ordered:
        return 0.0
    lead, next_ = ordered[0], ordered[1] if len(ordered) > 1 else 0
    n = lead + next_ + 1
    return sum(math.comb(n, k) for k in range(lead + 1)) / 2.0**n
