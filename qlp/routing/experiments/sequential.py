"""Tests that hold however often one looks: wealth of a bet against "no difference" (e-processes).

If the null hypothesis holds, the wealth is a non-negative supermartingale that starts at 1, so it ever reaches 1/alpha
with a chance of at most alpha (Ville's inequality). A test by fixed sample size loses that promise as soon as somebody
looks before the end, and guardrails look after every run. The price is power: it takes more runs.

Two proportions: Turner, Ly & Gruenwald (2024), *Generic E-variables for exact sequential k-sample tests*, in blocks of
one observation an arm. Costs and seconds: a sign test by betting on pairs, since their tails are too heavy for means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_MOST_BET = 0.9
"""Share of the wealth that a single bet may risk."""


def pairs(a: Sequence[float], b: Sequence[float]) -> list[tuple[float, float]]:
    """The i-th observation of one arm with the i-th of the other, in the order in which they came."""
    return list(zip(a, b, strict=False))


def wealth_of_difference(blocks: Iterable[tuple[float, float]]) -> list[float]:
    """Against "both arms succeed equally often", after each block of 0/1 outcomes.

    Each block multiplies by pa(ya) pb(yb) / (p0(ya) p0(yb)), p0 the mean of both; pa and pb are estimated from the
    blocks before. Under equal rates t its expectation is 1 - (d (t - p0) / (p0 (1 - p0)))^2 <= 1, d = pa - p0.
    """
    wealth, ones_a, ones_b, seen = 1.0, 0.5, 0.5, 1.0
    path: list[float] = []
    for a, b in blocks:
        pa, pb = ones_a / seen, ones_b / seen
        p0 = (pa + pb) / 2
        wealth *= (_chance(pa, a) * _chance(pb, b)) / (_chance(p0, a) * _chance(p0, b))
        ones_a, ones_b, seen = ones_a + a, ones_b + b, seen + 1
        path.append(wealth)
    return path


def wealth_of_failures(blocks: Iterable[tuple[float, float]], ratio: float) -> list[float]:
    """Against "the first arm fails at most `ratio` times as often as the second"; blocks of 0/1 *successes*.

    Bets on fa - ratio * fb, whose expectation is at most 0 then; the stake is Kelly's by the blocks before.
    """
    wealth, total, squares, seen = 1.0, 0.0, ratio, 1.0
    path: list[float] = []
    for a, b in blocks:
        mean = total / seen
        stake = min(max(mean / (squares / seen), 0.0), _MOST_BET / ratio)
        gain = (1 - a) - ratio * (1 - b)
        wealth *= 1 + stake * gain
        total, squares, seen = total + gain, squares + gain * gain, seen + 1
        path.append(wealth)
    return path


def wealth_of_ratio(blocks: Iterable[tuple[float, float]], ratio: float) -> list[float]:
    """Against "the first arm's value is at most `ratio` times the second's in at least half of the pairs"."""
    wealth, seen, above = 1.0, 1.0, 0.5
    path: list[float] = []
    for a, b in blocks:
        x = 1.0 if a > ratio * b else 0.0 if a < ratio * b else 0.5
        bet = min(max(2 * (above / seen) - 1, 0.0), _MOST_BET)  # Kelly's, for the rate seen so far
        wealth *= 1 + bet * (2 * x - 1)
        seen, above = seen + 1, above + x
        path.append(wealth)
    return path


def anytime_p(path: Sequence[float]) -> float:
    """p value that holds at every look: 1 over the largest wealth so far."""
    return min(1.0, 1 / max(path, default=1.0)) if path else 1.0


def _chance(p: float, y: float) -> float:
    return p if y else 1 - p
