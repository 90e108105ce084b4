"""The promise of risk.py, by simulation: a threshold is chosen on one sample and judged on the truth."""

from __future__ import annotations

import random

import pytest

from qlp.confidence.risk import CalibrationScores, Held, conformal_threshold, selective_threshold, threshold

pytestmark = pytest.mark.unit

DELTA = 0.2


def sample(tasks: int, seed: int, *, shift: float = 0.0, each: int = 3) -> list[Held]:
    """Solutions of a task share its difficulty; right with exactly its score's probability, less `shift`."""
    chance = random.Random(seed)
    held = []
    for task in range(tasks):
        easy = chance.random()
        for _ in range(each):
            p = min(max(easy + chance.gauss(0, 0.05), 0.0), 1.0) ** 0.2
            held.append(Held(p, int(chance.random() < p - shift), task))
    return held


TRUTH = sample(6000, 999)


def wrong_among_accepted(level: float | None, truth: list[Held]) -> float:
    accepted = [h for h in truth if level is not None and h.score >= level]
    return sum(1 - h.right for h in accepted) / len(accepted) if accepted else 0.0


def test_the_share_of_wrong_ones_among_the_accepted_keeps_its_promise() -> None:
    target, rounds = 0.1, 30
    levels = [selective_threshold(sample(250, seed), target, DELTA) for seed in range(rounds)]
    broken = sum(wrong_among_accepted(level, TRUTH) > target for level in levels)
    assert broken <= DELTA * rounds
    assert sum(level is not None for level in levels) > rounds / 2, "a promise that accepts nothing would be no use"


def test_the_expected_share_of_accepted_and_wrong_keeps_its_promise() -> None:
    target, rounds = 0.05, 30
    shares = []
    for seed in range(rounds):
        level = conformal_threshold(sample(150, seed), target)
        shares.append(sum(level is not None and h.score >= level and not h.right for h in TRUTH) / len(TRUTH))
    assert sum(shares) / rounds <= target + 0.005


def test_a_stricter_promise_never_lowers_the_threshold() -> None:
    held = sample(400, 1)
    scores = CalibrationScores(
        delta=DELTA,
        score=tuple(h.score for h in held),
        right=tuple(h.right for h in held),
        task=tuple(h.task for h in held),
    )
    levels = [threshold(scores, target) for target in (0.3, 0.2, 0.1)]
    known = [level for level in levels if level is not None]
    assert known == sorted(known)
    assert known


def test_where_the_promise_cannot_be_kept_nothing_is_accepted() -> None:
    hopeless = sample(300, 2, shift=0.5)
    assert selective_threshold(hopeless, 0.02, DELTA) is None
    assert selective_threshold(sample(10, 3), 0.02, DELTA) is None, "ten tasks cannot show two percent"
    assert conformal_threshold(sample(10, 3), 0.02) is None


def test_many_solutions_of_one_task_are_no_evidence_of_many() -> None:
    one_task = [Held(0.99, 1, 0)] * 5000
    assert selective_threshold(one_task, 0.02, DELTA) is None
