"""How likely a result is right, and what says so."""

from qlp.confidence.formula import Features, confidence_of, features_of

__all__ = ["Features", "confidence_of", "features_of"]
