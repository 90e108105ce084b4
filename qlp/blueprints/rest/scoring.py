"""How a REST blueprint turns "asked, but not served" into a score."""

from __future__ import annotations

from qlp.blueprints.protocol import Match
from qlp.blueprints.rest.resources import normalise
from qlp.models import Analysis, Language

PENALTY = 0.35
"""Taken off for each wish that cannot be served: one is enough to fall below the threshold of 0.75."""


def score(name: str, analysis: Analysis, *, language: Language, frameworks: frozenset[str]) -> Match:
    """1.0 when everything asked is served; 0.0 for another language or kind of project."""
    spec = analysis.spec
    if spec.kind != "rest_api":
        return Match(blueprint=name, score=0.0, reasons=(), missing=(f"project kind {spec.kind}",))
    if spec.language != language:
        return Match(blueprint=name, score=0.0, reasons=(), missing=(f"language {spec.language}",))
    missing = [*analysis.unmet, *analysis.contradictions]
    if spec.framework is not None and spec.framework.lower() not in frameworks:
        missing.append(f"framework {spec.framework}")
    if spec.commands:
        missing.append(f"commands ({', '.join(spec.commands)})")
    if spec.functions:
        missing.append(f"functions ({', '.join(spec.functions)})")
    if spec.input_format is not None:
        missing.append(f"{spec.input_format} input")
    resources = normalise(spec)
    missing.extend(resources.problems)
    unique = tuple(dict.fromkeys(missing))
    reasons = [f"REST API in {language}"]
    reasons += [f"{r.name} with {', '.join(c.name for c in r.columns)}" for r in resources]
    reasons += [f"{r.name} lowers {d.target}.{d.field}" for r in resources for d in r.decrements]
    if spec.auth == "api_key":
        reasons.append("API key")
    return Match(
        blueprint=name,
        score=round(max(0.0, 1.0 - PENALTY * len(unique)), 2),
        reasons=tuple(reasons),
        missing=unique,
    )
