from __future__ import annotations

import random

import pytest

from qlp.confidence.generators import Spread, learn, prior
from qlp.confidence.logistic import sigmoid

pytestmark = pytest.mark.unit

SPREAD = Spread(slope=0.3, intercept=0.8, cell=0.5)


def outcomes(n: int, *, slope: float, intercept: float, seed: int = 0) -> list[tuple[float, int]]:
    chance = random.Random(seed)
    made = []
    for _ in range(n):
        z = chance.gauss(0.5, 1.5)
        made.append((z, int(chance.random() < sigmoid(slope * z + intercept))))
    return made


def test_a_new_generator_is_pulled_towards_one_half() -> None:
    p, low, high = prior(SPREAD).predict(3.0)
    assert 0.5 < p < sigmoid(3.0)
    assert low < p < high
    assert prior(SPREAD).predict(0.0)[0] == pytest.approx(0.5)


def test_outcomes_move_the_prediction_and_narrow_its_interval() -> None:
    told = outcomes(150, slope=1.0, intercept=-1.5)
    new, few, many = (learn(SPREAD, told[:n]) for n in (0, 10, 150))
    truth = sigmoid(1.0 - 1.5)
    errors = [abs(p.predict(1.0)[0] - truth) for p in (new, few, many)]
    widths = [p.predict(1.0)[2] - p.predict(1.0)[1] for p in (new, few, many)]
    assert errors[0] > errors[2]
    assert errors[2] < 0.08
    assert widths[0] > widths[1] > widths[2]
    assert (new.outcomes, many.outcomes) == (0, 150)


def test_few_outcomes_of_one_kind_do_not_end_in_certainty() -> None:
    posterior = learn(SPREAD, [(0.0, 1)] * 5)
    assert 0.5 < posterior.predict(0.0)[0] < 0.9
    assert learn(SPREAD, [(2.0, 1)] * 400).predict(2.0)[0] < 1.0


def test_what_is_known_elsewhere_helps_less_than_what_is_known_here() -> None:
    bad = outcomes(200, slope=1.0, intercept=-2.0)
    nothing = learn(SPREAD, []).predict(1.0)[0]
    elsewhere = learn(SPREAD, [], bad).predict(1.0)[0]
    here = learn(SPREAD, bad).predict(1.0)[0]
    assert here < elsewhere < nothing
    good_here = learn(SPREAD, outcomes(200, slope=1.0, intercept=1.0), bad).predict(1.0)[0]
    assert good_here > nothing - 0.1, "its own outcomes win over those elsewhere"


def test_evidence_is_never_turned_round() -> None:
    backwards = [(3.0, 0), (-3.0, 1)] * 300
    posterior = learn(Spread(slope=3.0, intercept=3.0, cell=0.5), backwards)
    assert posterior.slope == 0.0
    assert posterior.predict(5.0)[0] == pytest.approx(posterior.predict(-5.0)[0])
