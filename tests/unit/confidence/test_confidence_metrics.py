from __future__ import annotations

import numpy as np
import pytest

from qlp.confidence.measure.metrics import (
    auroc,
    bootstrap_ece,
    brier,
    brier_skill,
    ece,
    ids,
    risk_coverage,
    within,
)

pytestmark = pytest.mark.unit

P = np.array([0.9, 0.8, 0.8, 0.3, 0.1])
Y = np.array([1, 1, 0, 1, 0])


def test_auroc_counts_ties_half() -> None:
    assert auroc(P, Y) == pytest.approx((2 + 1.5 + 1) / 6)
    assert auroc(P, np.ones(5, dtype=np.int64)) is None


def test_the_identity_of_a_source_does_not_count_within_it() -> None:
    """Two generators, one always better; within one the score says nothing."""
    p = np.array([0.9, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1])
    y = np.array([1, 1, 1, 0, 0, 0, 0, 1])
    assert (auroc(p, y) or 0) > 0.7
    assert within(p, y, ids(["a"] * 4 + ["b"] * 4)) == pytest.approx(0.5)


def test_skill_is_measured_against_the_base_rate_of_the_set() -> None:
    y = np.array([1, 0, 1, 0])
    assert brier_skill(np.full(4, 0.5), y) == pytest.approx(0.0)
    assert brier_skill(np.array([1.0, 0.0, 1.0, 0.0]), y) == pytest.approx(1.0)
    assert brier(np.full(4, 0.5), y) == pytest.approx(0.25)
    assert (brier_skill(np.array([0.0, 1.0, 0.0, 1.0]), y) or 0) < 0
    assert brier_skill(P, np.ones(5, dtype=np.int64)) is None


def test_calibration_error_of_bins_with_equally_many_rows() -> None:
    p = np.array([0.1] * 10 + [0.9] * 10)
    y = np.array([0] * 9 + [1] + [1] * 9 + [0])
    assert ece(p, y, bins=2) == pytest.approx(0.0, abs=1e-12)
    assert ece(p, 1 - y, bins=2) == pytest.approx(0.8)
    assert ece(np.array([0.25, 0.75]), np.array([0, 1]), bins=15) == pytest.approx(0.25), "fewer rows than bins"


def test_the_bootstrap_draws_whole_tasks_and_is_repeatable() -> None:
    chance = np.random.default_rng(0)
    p = chance.random(300)
    y = (chance.random(300) < p).astype(np.int64)
    low, high = bootstrap_ece(p, y, ids(list(range(60)) * 5), rounds=50, seed=1)
    assert 0 < low < high < 0.5
    assert (low, high) == bootstrap_ece(p, y, ids(list(range(60)) * 5), rounds=50, seed=1)
    one = bootstrap_ece(p, y, ids(["same"] * 300), rounds=20, seed=1)
    assert one[0] == pytest.approx(one[1]), "one task drawn again and again is always the same"


def test_risk_rises_with_coverage_when_the_order_is_right() -> None:
    curve = risk_coverage(np.array([0.9, 0.8, 0.2, 0.1]), np.array([1, 1, 0, 0]))
    assert curve.risk.tolist() == pytest.approx([0, 0, 1 / 3, 0.5])
    assert curve.at(0.5) == 0.0
    assert curve.at(1.0) == 0.5


def test_ties_share_their_wrong_ones_whatever_the_order_of_rows() -> None:
    p = np.full(4, 0.5)
    first = risk_coverage(p, np.array([1, 1, 0, 0])).risk
    second = risk_coverage(p, np.array([0, 0, 1, 1])).risk
    assert first.tolist() == second.tolist() == [0.5] * 4
