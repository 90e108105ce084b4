"""Probing: candidates for a function, run on the request's examples and on generated inputs, compared by behaviour."""

from qlp.confidence.probing.examples import find_examples
from qlp.confidence.probing.models import (
    Candidate,
    CandidateProbe,
    Example,
    ProbeInput,
    ProbeLimits,
    ProbeReport,
    Target,
)
from qlp.confidence.probing.probe import probe, probe_many

__all__ = [
    "Candidate",
    "CandidateProbe",
    "Example",
    "ProbeInput",
    "ProbeLimits",
    "ProbeReport",
    "Target",
    "find_examples",
    "probe",
    "probe_many",
]
