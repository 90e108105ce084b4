"""Which kind of project, in which language and framework."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import get_args

from qlp.models import LANGUAGES, Language, ProjectKind
from qlp.pipeline.analysis.text import Token
from qlp.pipeline.analysis.vocabulary import Phrases, phrases_of, vocabulary, words_of

_KIND_WORDS: dict[ProjectKind, str] = {
    "rest_api": "a REST API",
    "cli": "a command-line tool",
    "library": "a library",
    "data_pipeline": "a data pipeline",
    "function": "a function",
    "unknown": "an unknown kind of project",
}
_KINDS: tuple[ProjectKind, ...] = get_args(ProjectKind)


@dataclass(frozen=True)
class Named:
    """A language or framework that the request names, at a token index."""

    label: str
    index: int
    end: int
    wanted: bool
    """False if it is excluded: `not Django`, `without React`."""


def negated(lows: tuple[str, ...], index: int) -> bool:
    """Whether a `no`, `without`, ... governs the phrase that starts at `index`."""
    for at in range(index - 1, max(-1, index - 5), -1):
        if lows[at] in {".", ";", "\n", ",", "but", "and"} and lows[at] != "and":
            return False
        if lows[at] in words_of("grammar", "negations"):
            return not (lows[at] == "not" and at + 1 < len(lows) and lows[at + 1] == "only")
    return False


def _named(tokens: tuple[Token, ...], lows: tuple[str, ...], sure: Phrases, careful: Phrases) -> list[Named]:
    found = [Named(label, s, e, not negated(lows, s)) for label, s, e in sure.find(lows)]
    for label, start, end in careful.find(lows):
        before = lows[start - 1] if start else ""
        after = lows[end] if end < len(lows) else "."
        capital = tokens[start].text[:1].isupper()
        if (
            before in {"in", "using", "language"}
            or (
                before in words_of("grammar", "before_a_language") | {"+", "/", "and", "or", "not", "a", "the"}
                and capital
            )
            or (capital and after in words_of("grammar", "technical"))
            or (capital and before in {"(", ","} and after in {")", ","} and start > 0)
        ):
            if before in {"a", "the", "and", ","} and after not in words_of("grammar", "technical") | {".", "\n"}:
                continue
            found.append(Named(label, start, end, not negated(lows, start)))
    return sorted(found, key=lambda n: n.index)


@cache
def _table(table: str) -> tuple[Phrases, Phrases]:
    rows = vocabulary()[table]
    sure = Phrases((str(p), str(label)) for label, row in rows.items() for p in row.get("names", ()))
    careful = Phrases((str(p), str(label)) for label, row in rows.items() for p in row.get("careful", ()))
    return sure, careful


@dataclass(frozen=True)
class Stack:
    """What the text says about the technology; `used` are the token indices that said it."""

    languages: tuple[str, ...]
    frameworks: tuple[str, ...]
    excluded: tuple[str, ...]
    other_languages: tuple[str, ...]
    other_frameworks: tuple[str, ...]
    node: bool
    used: frozenset[int]


def read_stack(tokens: tuple[Token, ...], lows: tuple[str, ...]) -> Stack:
    languages = _named(tokens, lows, *_table("languages"))
    frameworks = _named(tokens, lows, *_table("frameworks"))
    foreign = _named(tokens, lows, phrases_of("other_languages", "names"), phrases_of("other_languages", "careful"))
    foreign_fw = _named(
        tokens, lows, phrases_of("other_frameworks", "names"), phrases_of("other_frameworks", "careful")
    )
    everything = [*languages, *frameworks, *foreign, *foreign_fw]
    return Stack(
        languages=_labels(languages),
        frameworks=_labels(frameworks),
        excluded=tuple(dict.fromkeys(n.label for n in everything if not n.wanted)),
        other_languages=_labels(foreign),
        other_frameworks=_labels(foreign_fw),
        node=any(lows[n.index].startswith("node") for n in languages if n.wanted),
        used=frozenset(i for n in everything for i in range(n.index, n.end)),
    )


def _labels(named: list[Named]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.label for n in named if n.wanted))


def choose_language(
    stack: Stack, kind: ProjectKind, forced: Language | None
) -> tuple[Language, str | None, list[str], list[str]]:
    """(language, framework, assumptions, contradictions)."""
    assumptions: list[str] = []
    contradictions: list[str] = []
    by_framework = {str(k): str(v["language"]) for k, v in vocabulary()["frameworks"].items()}
    asked = [name for name in stack.languages if name not in stack.excluded]
    implied = [by_framework[f] for f in stack.frameworks]
    # TypeScript and JavaScript named together are one wish: TypeScript, on Node.
    if "typescript" in asked and "javascript" in asked:
        asked.remove("javascript")
    if "javascript" in asked:
        implied = ["javascript" if name == "typescript" else name for name in implied]
    # `in JavaScript with Node` is JavaScript; `node` alone means TypeScript for an API, JavaScript for a function.
    if stack.node and not ("typescript" in asked and len(asked) > 1) and kind == "function" and asked == ["typescript"]:
        asked = ["javascript"]
    distinct = list(dict.fromkeys([*asked, *implied]))
    if len(distinct) > 1:
        contradictions.append(f"one project in {' and in '.join(distinct)}")
    if len(stack.frameworks) > 1 and len(set(implied)) == 1:
        contradictions.append(f"one project with {' and with '.join(stack.frameworks)}")
    language = next((name for name in LANGUAGES if distinct and name == distinct[0]), None)
    if forced is not None:
        if (
            distinct
            and forced not in distinct
            and not (forced in {"typescript", "javascript"} and distinct[0] in {"typescript", "javascript"})
        ):
            contradictions.append(f"the text asks for {distinct[0]}, the request for {forced}")
        language = forced
    if language is None:
        language = "python"
        if not stack.other_languages and not stack.other_frameworks:
            assumptions.append("no language was named: Python chosen")
    framework: str | None = None
    if kind == "rest_api":
        framework = str(vocabulary()["languages"][language]["framework"])
        if framework not in stack.frameworks:
            assumptions.append(f"no framework was named: {framework} chosen")
    return language, framework, assumptions, contradictions


@cache
def _kind_phrases() -> Phrases:
    """Phrases labelled `<kind>:strong`, `<kind>:weak`, or `none:none` for those that only look like one."""
    table = vocabulary()["kinds"]
    pairs = [
        (str(p), f"{kind}:{weight}") for kind in table for weight in ("strong", "weak") for p in table[kind][weight]
    ]
    quiet = [*vocabulary()["auth"]["api_key"], *vocabulary()["no_kind"]]
    return Phrases(pairs + [(str(p), "none:none") for p in quiet])


def choose_kind(lows: tuple[str, ...], stack: Stack) -> tuple[ProjectKind, list[str], frozenset[int]]:
    """(kind, other kinds that are asked for as well, tokens that said it): the first clear word decides."""
    hits = [(label, s, e) for label, s, e in _kind_phrases().find(lows) if not negated(lows, s)]
    strong = [(label.partition(":")[0], s, e) for label, s, e in hits if label.endswith(":strong")]
    weak = [(label.partition(":")[0], s, e) for label, s, e in hits if label.endswith(":weak")]
    strong += [("rest_api", 10**6, 10**6) for _ in stack.frameworks]
    chosen = strong or weak
    if not chosen:
        return "unknown", [], frozenset()
    kind = next(k for k in _KINDS if k == chosen[0][0])
    others = [k for k in dict.fromkeys(k for k, _, _ in strong) if k != kind]
    extra: list[str] = []
    if kind in {"rest_api", "data_pipeline", "library", "function"} and "cli" in others and kind != "data_pipeline":
        extra.append("cli")
    if kind != "rest_api" and "rest_api" in others and not stack.frameworks:
        extra.append("rest_api")
    if kind == "rest_api" and "data_pipeline" in others:
        extra.append("data_pipeline")
    used = frozenset(i for _, s, e in hits for i in range(s, e))
    return kind, [_KIND_WORDS[next(k for k in _KINDS if k == o)] for o in extra], used
