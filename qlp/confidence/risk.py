"""Thresholds that keep a promised error rate, with finite-sample guarantees; nothing here is typed in.

Two promises, both over tasks (the unit that is exchangeable: solutions of one task are not independent):
- of all requests, at most `target` are accepted and wrong, in expectation: conformal risk control (Angelopoulos et al.
  2022). The loss can only fall as the threshold rises, which that theorem needs.
- of the *accepted* ones, at most `target` are wrong, with probability 1 - delta. This share is not monotone in the
  threshold, so thresholds are tested one after another, stricter ones first, until one fails (fixed sequences with
  several starts, Learn then Test, Angelopoulos et al. 2021). The test is a betting martingale on the bounded loss of a
  task, accepted * (wrong - target) (Waudby-Smith and Ramdas 2023), which needs no model of how solutions of a task
  hang together.
The threshold is the larger of both. Where none keeps the promise there is none, and nothing is accepted by it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from qlp.models._base import Frozen

GRID = 100
"""Candidate thresholds: quantiles of the calibration scores, so the number of tests does not grow with the data."""
STARTS = (0.05, 0.1, 0.2, 0.35, 0.5)
"""Shares of accepted scores at which a sequence of tests begins, each with its share of delta: the strictest thresholds
accept too few tasks to show anything, and a sequence that began there would end there."""
_STAKES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)


class Held(NamedTuple):
    """One held-out calibration score: probability, 1 if right, index of its task."""

    score: float
    right: int
    task: int


class CalibrationScores(Frozen):
    """Held-out scores of one kind of result, column by column: none of them was used to fit what scored it."""

    delta: float
    """Chance that the promise about accepted results fails."""
    score: tuple[float, ...]
    right: tuple[int, ...]
    task: tuple[int, ...]

    @property
    def held(self) -> list[Held]:
        return [Held(*row) for row in zip(self.score, self.right, self.task, strict=True)]


def threshold(scores: CalibrationScores, target: float) -> float | None:
    """Smallest probability that may be accepted for at most `target` wrong; None if no threshold keeps that."""
    held = scores.held
    if not held:
        return None
    selective = selective_threshold(held, target, scores.delta)
    marginal = conformal_threshold(held, target)
    return None if selective is None or marginal is None else max(selective, marginal)


def conformal_threshold(held: Sequence[Held], target: float) -> float | None:
    """inf of the thresholds with n/(n+1) * risk + 1/(n+1) <= target, risk = mean over tasks of the share that is
    accepted and wrong."""
    tasks = _by_task(held)
    n = len(tasks)
    best = None
    for level in _levels(held):
        risk = sum(sum(h.score >= level and not h.right for h in t) / len(t) for t in tasks) / n
        if (n * risk + 1) / (n + 1) > target:
            break
        best = level
    return best


def selective_threshold(held: Sequence[Held], target: float, delta: float) -> float | None:
    tasks = _by_task(held)
    random.Random(0).shuffle(tasks)  # the martingale needs an order that does not depend on the scores
    levels = _levels(held)
    passed: dict[int, bool] = {}

    def keeps(i: int) -> bool:
        if i not in passed:
            losses = [sum((h.score >= levels[i]) * (1 - h.right - target) for h in t) / len(t) for t in tasks]
            passed[i] = _below_zero(losses, target, delta / len(STARTS))
        return passed[i]

    best = None
    for start in STARTS:
        i = int(start * len(levels))
        while i < len(levels) and keeps(i):
            best = levels[i] if best is None else min(best, levels[i])
            i += 1
    return best


def _below_zero(losses: Sequence[float], target: float, delta: float) -> bool:
    """Whether the mean loss is below 0 at level delta: capital that bets against `mean >= 0` reaches 1/delta at some
    time (Ville's inequality). The capital is spread evenly over fixed stakes: a mixture of martingales is one."""
    capitals = [1.0] * len(_STAKES)
    for loss in losses:
        if loss:
            capitals = [c * (1 - s / (1 - target) * loss) for c, s in zip(capitals, _STAKES, strict=True)]
            if sum(capitals) / len(capitals) >= 1 / delta:
                return True
    return False


def _by_task(held: Sequence[Held]) -> list[list[Held]]:
    tasks: dict[int, list[Held]] = {}
    for h in held:
        tasks.setdefault(h.task, []).append(h)
    return [tasks[t] for t in sorted(tasks)]


def _levels(held: Sequence[Held]) -> list[float]:
    """Candidate thresholds, strictest first."""
    scores = sorted(h.score for h in held)
    n = len(scores)
    return sorted({scores[min(i * n // GRID, n - 1)] for i in range(GRID)}, reverse=True)
