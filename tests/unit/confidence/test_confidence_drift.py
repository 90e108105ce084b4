from __future__ import annotations

import random

import pytest

from qlp.confidence.drift import LEAST, WINDOW, drift_of, equal_mass_ece

pytestmark = pytest.mark.unit


def told(n: int, *, off: float, seed: int) -> tuple[list[float], list[int]]:
    chance = random.Random(seed)
    p = [chance.uniform(0.3, 0.95) for _ in range(n)]
    return p, [int(chance.random() < q - off) for q in p]


def test_few_outcomes_show_nothing() -> None:
    assert drift_of(*told(LEAST - 1, off=0.3, seed=0)) is None


def test_calibrated_predictions_rarely_raise_an_alert() -> None:
    found = [drift_of(*told(100, off=0.0, seed=seed)) for seed in range(40)]
    assert sum(d is not None and d.alert for d in found) <= 3


def test_a_generator_that_got_worse_raises_an_alert() -> None:
    for seed in range(5):
        drift = drift_of(*told(100, off=0.35, seed=seed))
        assert drift is not None
        assert drift.alert
        assert drift.mean_right < drift.mean_predicted


def test_only_the_latest_outcomes_count() -> None:
    old_p, old_y = told(300, off=0.4, seed=1)
    new_p, new_y = told(WINDOW, off=0.0, seed=2)
    drift = drift_of(old_p + new_p, old_y + new_y)
    assert drift is not None
    assert not drift.alert
    assert drift.outcomes == WINDOW


def test_equal_mass_bins_hide_no_error_behind_its_opposite() -> None:
    assert equal_mass_ece([0.2, 0.2, 0.8, 0.8], [1, 1, 0, 0], 2) == pytest.approx(0.8)
    assert equal_mass_ece([0.2, 0.2, 0.8, 0.8], [1, 1, 0, 0], 1) == pytest.approx(0.0)
    assert equal_mass_ece([], [], 5) == 0.0
