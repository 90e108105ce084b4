"""From features to a Confidence: raw score, common calibration, then what is known about the generator."""

from __future__ import annotations

from qlp.confidence.calibration import calibrated_logit
from qlp.confidence.ensemble import raw_logit
from qlp.confidence.features import FeatureValues, Kind
from qlp.confidence.generators import Outcomes, learn
from qlp.confidence.logistic import logit
from qlp.confidence.model import ConfidenceModel, Loaded, Part, part_of
from qlp.models import Calibration, Confidence, Contribution
from qlp.models._base import Frozen

CALIBRATION = "(calibration)"
GENERATOR = "(generator)"
UNMEASURED = "(not measured)"
"""Features that have no value, in one: the model weighs what is absent too, but no single one of these is a reason."""


class Known(Frozen):
    """Outcomes of one generator that its calibration may rest on: (log-odds by the common map, right)."""

    here: tuple[tuple[float, int], ...] = ()
    """In this language and kind."""
    elsewhere: tuple[tuple[float, int], ...] = ()


class Scored(Frozen):
    confidence: Confidence
    common_logit: float
    """Log-odds by the common map, before the generator: what an outcome is stored with."""


def score(
    loaded: Loaded, features: FeatureValues, kind: Kind, *, generator: str = "", known: Known = Known()
) -> Scored:
    """Contributions add up to the log-odds of the probability (before rounding)."""
    model = loaded.model
    part = part_of(model, kind)
    effects = part.ensemble.contributions(features)
    raw = raw_logit(effects)
    common = calibrated_logit(part.calibration, raw)
    posterior = learn(part.spread, known.here, known.elsewhere)
    probability, low, high = posterior.predict(common)
    if (ends := part.calibration.interval(raw)) is not None:
        low = posterior.predict(logit(ends[0]))[1]
        high = posterior.predict(logit(ends[1]))[2]
    effects[CALIBRATION] = common - raw
    effects[GENERATOR] = logit(probability, 1e-9) - common
    confidence = Confidence(
        probability=round(probability, 4),
        label=_label(model, kind, known.here),
        formula=model.label,
        contributions=_contributions(effects, features),
        model_digest=loaded.digest,
        interval=(round(min(low, probability), 4), round(max(high, probability), 4)),
        generator=generator,
        outcomes=len(known.here),
    )
    return Scored(confidence=confidence, common_logit=common)


def common_logit(part: Part, features: FeatureValues) -> float:
    """Calibrated log-odds by the map that all generators share."""
    return calibrated_logit(part.calibration, raw_logit(part.ensemble.contributions(features)))


def _label(model: ConfidenceModel, kind: Kind, here: Outcomes) -> Calibration:
    if kind not in model.parts:
        return "uncalibrated"
    return "calibrated" if len(here) >= model.calibrated_after else "uncalibrated for this model"


def _contributions(effects: dict[str, float], features: FeatureValues) -> tuple[Contribution, ...]:
    """Features by size of their effect, then what no feature did. A feature that moved nothing is left out."""
    named = {n: e for n, e in effects.items() if not n.startswith("(")}
    measured = [(n, e) for n, e in named.items() if features.get(n) is not None and abs(e) >= 5e-5]
    unmeasured = sum(e for n, e in named.items() if features.get(n) is None)
    rest = [(n, e) for n, e in effects.items() if n.startswith("(")]
    rest += [(UNMEASURED, unmeasured)] if abs(unmeasured) >= 5e-5 else []
    return tuple(
        Contribution(feature=name, value=features.get(name), effect=round(effect, 4))
        for name, effect in (*sorted(measured, key=lambda x: -abs(x[1])), *rest)
    )
