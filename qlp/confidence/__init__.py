"""How likely a result is right, and what says so: features from evidence, a trained model, outcomes per generator."""

from qlp.confidence.features import FEATURES, Feature, Kind, features_of
from qlp.confidence.model import ConfidenceModel, Loaded, load_model
from qlp.confidence.outcomes import Cell, OutcomeStore, Prediction, Recorded
from qlp.confidence.score import Known, Scored, score

__all__ = [
    "FEATURES",
    "Cell",
    "ConfidenceModel",
    "Feature",
    "Kind",
    "Known",
    "Loaded",
    "OutcomeStore",
    "Prediction",
    "Recorded",
    "Scored",
    "features_of",
    "load_model",
    "score",
]
