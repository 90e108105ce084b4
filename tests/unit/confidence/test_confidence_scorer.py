"""The shipped scorer is plain Python; scikit-learn fitted it. Both have to say the same."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qlp.confidence.calibration import Platt
from qlp.confidence.ensemble import raw_logit
from qlp.confidence.features import FeatureValues
from qlp.confidence.generators import Spread
from qlp.confidence.logistic import logit
from qlp.confidence.model import ConfidenceModel, Loaded, Part, load_model
from qlp.confidence.risk import CalibrationScores
from qlp.confidence.score import UNMEASURED, Known, score
from qlp.confidence.training.boosted import Shape
from qlp.confidence.training.candidates import Candidate
from qlp.confidence.training.table import table_of
from tests.support.confidence_rows import made_rows

pytestmark = pytest.mark.unit

ROWS = made_rows(tasks=30, generators=8)
TABLE = table_of(ROWS)
CANDIDATES = [
    Candidate("linear"),
    Candidate("additive", Shape(1, 40, least=10)),
    Candidate("deep", Shape(3, 30, least=10)),
]


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: c.name)
def test_the_plain_scorer_agrees_with_scikit_learn(candidate: Candidate) -> None:
    fitted = candidate.fit(TABLE, 0)
    theirs = fitted.scores(TABLE.x)
    exported = type(fitted.export()).model_validate_json(fitted.export().model_dump_json())
    ours = [raw_logit(exported.contributions(r.features)) for r in ROWS]
    assert np.allclose(ours, theirs, rtol=0, atol=1e-9)


def test_a_split_into_missing_and_given_survives_its_file() -> None:
    told = [r.model_copy(update={"features": {"coverage": None if r.label else 0.5, "loads": 1.0}}) for r in ROWS]
    fitted = CANDIDATES[2].fit(table_of(told), 0)
    exported = type(fitted.export()).model_validate_json(fitted.export().model_dump_json())
    missing, given = (raw_logit(exported.contributions({"coverage": v, "loads": 1.0})) for v in (None, 0.5))
    assert missing > given + 1
    assert np.allclose([missing, given], fitted.scores(np.array([[np.nan, 1.0], [0.5, 1.0]])), rtol=0, atol=1e-9)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: c.name)
def test_a_feature_that_no_row_has_is_no_obstacle(candidate: Candidate) -> None:
    table = table_of(ROWS, (*TABLE.features, "coverage"))
    fitted = candidate.fit(table, 0)
    ours = [raw_logit(fitted.export().contributions(r.features)) for r in ROWS[:20]]
    assert np.allclose(ours, fitted.scores(table.x[:20]), rtol=0, atol=1e-9)


def test_a_value_on_a_threshold_goes_the_same_way() -> None:
    fitted = CANDIDATES[2].fit(TABLE, 0)
    exported = fitted.export()
    thresholds = {(t.feature[0], t.threshold[0]) for t in exported.trees if t.feature[0] >= 0}  # type: ignore[union-attr]
    x = np.full((len(thresholds), len(TABLE.features)), np.nan)
    for i, (feature, threshold) in enumerate(sorted(thresholds)):
        x[i, feature] = threshold
    ours = [
        raw_logit(
            exported.contributions({n: None if math.isnan(v) else v for n, v in zip(TABLE.features, row, strict=True)})
        )
        for row in x
    ]
    assert np.allclose(ours, fitted.scores(x), rtol=0, atol=1e-9)


@pytest.mark.parametrize("candidate", CANDIDATES[1:], ids=lambda c: c.name)
def test_more_evidence_of_the_good_kind_never_lowers_a_score(candidate: Candidate) -> None:
    exported = candidate.fit(TABLE, 0).export()
    for row in ROWS[::7]:
        worse: FeatureValues = {**row.features, "examples_pass_fraction": 0.2}
        better: FeatureValues = {**row.features, "examples_pass_fraction": 1.0}
        assert raw_logit(exported.contributions(better)) >= raw_logit(exported.contributions(worse)) - 1e-12


def loaded_model() -> Loaded:
    part = Part(
        ensemble=CANDIDATES[1].fit(TABLE, 0).export(),
        calibration=Platt(slope=0.9, intercept=0.1),
        spread=Spread(slope=0.2, intercept=0.5, cell=0.5),
        scores=CalibrationScores(delta=0.1, score=(0.5,), right=(1,), task=(0,)),
    )
    model = ConfidenceModel(
        name="made", version="1", trained_on="2026-11-22", calibrated_after=5, parts={"function": part}
    )
    return Loaded(model=model, digest="sha256:made", where="nowhere")


def test_contributions_add_up_to_the_probability() -> None:
    loaded = loaded_model()
    known = Known(here=((1.0, 1), (0.5, 0), (2.0, 1)))
    for row in ROWS[:20]:
        confidence = score(loaded, row.features, "function", generator="g", known=known).confidence
        total = sum(c.effect for c in confidence.contributions)
        assert total == pytest.approx(logit(confidence.probability), abs=0.02)
        assert confidence.interval is not None
        assert confidence.interval[0] <= confidence.probability <= confidence.interval[1]


def test_the_label_says_what_is_known_of_the_generator() -> None:
    loaded, features = loaded_model(), ROWS[0].features
    new = score(loaded, features, "function", generator="g").confidence
    told = score(loaded, features, "function", generator="g", known=Known(here=((0.0, 1),) * 5)).confidence
    other = score(loaded, features, "project", generator="g").confidence
    assert (new.label, new.outcomes) == ("uncalibrated for this model", 0)
    assert (told.label, told.outcomes) == ("calibrated", 5)
    assert other.label == "uncalibrated", "there is no model of projects here"
    assert new.model_digest == "sha256:made"
    assert new.formula == "made@1"


def test_nothing_measured_moves_no_feature_but_still_gives_a_probability() -> None:
    confidence = score(loaded_model(), {}, "function").confidence
    assert 0 < confidence.probability < 1
    assert all(c.value is None for c in confidence.contributions)


def test_what_was_not_measured_is_no_reason() -> None:
    scored = score(load_model(), {"loads": 1.0, "stage_syntax_clean": None}, "function")
    named = {c.feature for c in scored.confidence.contributions if not c.feature.startswith("(")}
    assert named <= {"loads"}, "a feature without a value is shown as a reason"
    assert UNMEASURED in {c.feature for c in scored.confidence.contributions}
