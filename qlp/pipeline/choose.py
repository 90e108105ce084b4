"""Who makes it: a blueprint that serves everything asked, else a model, else an honest refusal."""

from __future__ import annotations

from qlp.blueprints.protocol import Match
from qlp.blueprints.registry import blueprints, by_name, matches
from qlp.config import RunSettings
from qlp.errors import ContradictionError, NoGeneratorError, QLPError
from qlp.models import Analysis, Request
from qlp.models._base import Frozen
from qlp.pipeline.analyse import analyse

_NEAREST = 3


class Choice(Frozen):
    """`blueprint` names the blueprint, or is None: then a model plans and writes."""

    blueprint: str | None
    match: float | None
    """Share of the wishes that the blueprint serves."""
    reasons: tuple[str, ...]


def choose_blueprint(request: Request, analysis: Analysis, settings: RunSettings) -> Choice | None:
    """The best blueprint if it serves enough of the request. Raises ContradictionError."""
    if analysis.contradictions:
        raise ContradictionError(
            "the request contradicts itself or cannot be met: " + "; ".join(analysis.contradictions),
            contradictions=list(analysis.contradictions),
        )
    best = matches(analysis)[0]
    if request.tier not in (None, "t0") or request.tests or best.score < settings.match_threshold:
        return None
    blueprint = by_name(best.blueprint)
    return Choice(blueprint=f"{blueprint.name}@{blueprint.version}", match=best.score, reasons=best.reasons)


def choose_model(request: Request, analysis: Analysis, settings: RunSettings, *, model: str | None) -> Choice:
    """`model` is the default of the configured endpoint. Raises NoGeneratorError with the nearest blueprints."""
    ranked = matches(analysis)
    if model is not None and request.tier != "t0":
        why = "tier asked for" if request.tier else _why_not(ranked[0], settings, bool(request.tests))
        return Choice(blueprint=None, match=None, reasons=(f"{model}: {why}",))
    raise NoGeneratorError(_refusal(request, analysis, ranked), nearest=_nearest(ranked), unmet=list(analysis.unmet))


def needs_model(request: Request, settings: RunSettings) -> bool:
    """Whether a model has to be paid for it; False also for a request that will be refused for what it says."""
    try:
        return choose_blueprint(request, analyse(request), settings) is None
    except QLPError:
        return False


def _why_not(best: Match, settings: RunSettings, tests: bool) -> str:
    if tests:
        return "the user gave tests"
    missing = f", it lacks {', '.join(best.missing)}" if best.missing else ""
    return (
        f"the best blueprint ({best.blueprint}) serves {best.score:.0%}, below {settings.match_threshold:.0%}{missing}"
    )


def _nearest(ranked: list[Match]) -> list[dict[str, object]]:
    titles = {b.name: (b.title, b.example) for b in blueprints()}
    return [
        {
            "blueprint": m.blueprint,
            "score": round(m.score, 2),
            "title": titles[m.blueprint][0],
            "example": titles[m.blueprint][1],
            "missing": list(m.missing),
        }
        for m in ranked[:_NEAREST]
    ]


def _refusal(request: Request, analysis: Analysis, ranked: list[Match]) -> str:
    if request.tier == "t0":
        cause = "tier t0 was asked for, and no blueprint serves this request"
    elif request.tests:
        cause = "the request brings its own tests, which needs a model, and no model is configured"
    else:
        cause = "no model is configured, and no blueprint serves this request"
    asked = f" It asks for: {', '.join(analysis.unmet)}." if analysis.unmet else ""
    near = "; ".join(f"{m.blueprint} ({m.score:.0%}{_lacks(m)})" for m in ranked[:_NEAREST])
    return (
        f"{cause}.{asked} Set OPENAI_API_KEY, or QLP_MODELS__BASE_URL for any OpenAI-compatible endpoint, or start "
        f"Ollama. Nearest blueprints: {near}. `qlp models` lists what can be made without a model."
    )


def _lacks(match: Match) -> str:
    return f", lacks {', '.join(match.missing[:3])}" if match.missing else ""
