from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from qlp.confidence.calibration import Isotonic, VennAbers, calibrated_logit
from qlp.confidence.logistic import sigmoid
from qlp.confidence.measure.metrics import ece
from qlp.confidence.training.maps import FITS

pytestmark = pytest.mark.unit


def overconfident(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Scores that are twice what they should be."""
    chance = np.random.default_rng(seed)
    z = chance.normal(0.5, 1.5, n)
    return 2 * z, (chance.random(n) < 1 / (1 + np.exp(-z))).astype(np.int64)


@pytest.mark.parametrize("name", FITS)
def test_a_map_is_monotone_a_probability_and_mends_overconfidence(name: str) -> None:
    scores, y = overconfident(600, 1)
    fitted = FITS[name](scores, y, np.ones(len(y)))
    fitted = type(fitted).model_validate_json(fitted.model_dump_json())
    grid = [i / 10 for i in range(-150, 151)]
    p = [fitted.probability(s) for s in grid]
    assert all(0 <= q <= 1 for q in p)
    assert all(b >= a - 1e-12 for a, b in pairwise(p))
    fresh, right = overconfident(4000, 2)
    mended = np.array([fitted.probability(float(s)) for s in fresh])
    before = np.array([sigmoid(float(s)) for s in fresh])
    assert ece(mended, right) < 0.06 < ece(before, right)


def test_venn_abers_gives_an_interval_that_holds_its_probability() -> None:
    scores, y = overconfident(400, 3)
    fitted = FITS["venn_abers"](scores, y, np.ones(len(y)))
    assert isinstance(fitted, VennAbers)
    widths = []
    for s in (-4.0, -1.0, 0.0, 1.0, 4.0):
        low, high = fitted.interval(s)
        assert low <= fitted.probability(s) <= high
        widths.append(high - low)
    assert max(widths) > 0


def test_a_map_that_says_one_is_cut_to_finite_log_odds() -> None:
    sure = Isotonic(scores=(0.0, 1.0), probabilities=(0.0, 1.0))
    assert -10 < calibrated_logit(sure, -5.0) < -5
    assert 5 < calibrated_logit(sure, 5.0) < 10


def test_scores_that_do_not_ascend_are_no_map() -> None:
    with pytest.raises(ValueError, match="ascend"):
        Isotonic(scores=(1.0, 1.0), probabilities=(0.1, 0.2))
