"""How the Python blueprints turn "asked, but not served" into a score."""

from __future__ import annotations

from qlp.blueprints.protocol import Match
from qlp.models import Analysis, ProjectKind, ProjectSpec

PENALTY = 0.3
"""Taken off for each wish that cannot be served: one is enough to fall below the threshold of 0.75."""


def basics_missing(
    analysis: Analysis, frameworks: frozenset[str], *, served: frozenset[str] = frozenset()
) -> list[str]:
    """Wishes that no Python project of ours serves: what the analysis found, other frameworks, keys for HTTP.

    `served` are groups of features that the analysis reports as unmet and that this blueprint judges word by word.
    """
    spec = analysis.spec
    missing = [*(u for u in analysis.unmet if u not in served), *analysis.contradictions]
    if spec.framework is not None and spec.framework.lower() not in frameworks:
        missing.append(f"framework {spec.framework}")
    if spec.auth != "none":
        missing.append("API keys (there is no server to protect)")
    return missing


def unserved_words(words: tuple[str, ...], table: dict[str, str], known: set[str]) -> list[str]:
    """Features that the request names and the table knows to be out of reach, unless the word is a field's name."""
    named = (w if w in table else w.removesuffix("s") for w in words if w not in known)
    return list(dict.fromkeys(table[w] for w in named if w in table))


def field_words(spec: ProjectSpec) -> set[str]:
    """Words that name a field and so are no wish; long names may be phrases with a wish inside, and count whole."""
    names = [f.name for e in spec.entities for f in e.fields]
    return {part for name in names for part in (name, *(name.split("_") if name.count("_") < 2 else ()))}


def scored(name: str, analysis: Analysis, kind: ProjectKind, reasons: list[str], missing: list[str]) -> Match:
    """1.0 when nothing is missing, 0.0 for another kind or language."""
    spec = analysis.spec
    if spec.language != "python":
        return Match(blueprint=name, score=0.0, reasons=(), missing=(f"language {spec.language}",))
    if spec.kind != kind:
        return Match(blueprint=name, score=0.0, reasons=(), missing=(f"project kind {spec.kind}",))
    unique = tuple(dict.fromkeys(missing))
    return Match(
        blueprint=name,
        score=round(max(0.0, 1.0 - PENALTY * len(unique)), 2),
        reasons=tuple(reasons),
        missing=unique,
    )
