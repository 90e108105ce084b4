"""How well this blueprint serves an analysis."""

from __future__ import annotations

from qlp.blueprints.protocol import Match
from qlp.models import Analysis

NO_KIND = 0.0
OTHER_STACK = 0.3
NOTHING_STORED = 0.3
CONTRADICTORY = 0.1
UNMET_FIRST = 0.6
UNMET_MORE = 0.1
"""A first wish that cannot be met takes the score to 0.6, each further one a tenth lower."""


def match(name: str, analysis: Analysis) -> Match:
    spec = analysis.spec
    if spec.kind != "rest_api":
        return Match(blueprint=name, score=NO_KIND, reasons=("makes REST APIs only",), missing=(f"kind {spec.kind}",))
    missing = list(analysis.unmet)
    score = 1.0
    if (spec.language, spec.framework or "fastapi") != ("python", "fastapi"):
        missing.insert(0, f"{spec.framework or 'a framework'} in {spec.language}")
        score = min(score, OTHER_STACK)
    if not spec.entities:
        missing.append("which things to store, such as: books with title, author and price")
        score = min(score, NOTHING_STORED)
    if analysis.contradictions:
        score = min(score, CONTRADICTORY)
    if analysis.unmet:
        score = min(score, max(0.0, UNMET_FIRST - UNMET_MORE * (len(analysis.unmet) - 1)))
    things = ", ".join(e.plural.replace("_", " ") for e in spec.entities)
    reasons = ["REST API in Python with FastAPI"] + ([f"stores {things}"] if things else [])
    if spec.rules:
        reasons.append("rules in one transaction")
    if spec.auth == "api_key":
        reasons.append("API key")
    return Match(blueprint=name, score=score, reasons=tuple(reasons), missing=tuple(missing))
