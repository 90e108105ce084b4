"""Name and one-sentence summary of a project."""

from __future__ import annotations

from qlp.models import ProjectKind
from qlp.pipeline.analysis.draft import Draft
from qlp.pipeline.analysis.lists import ListReader
from qlp.pipeline.analysis.names import kebab, plural_snake
from qlp.pipeline.analysis.vocabulary import words_of

SUMMARY_CHARS = 160
_QUOTES = frozenset({'"', "'", "`"})
_SUFFIX: dict[ProjectKind, str] = {"rest_api": "api", "cli": "cli", "data_pipeline": "pipeline"}
_FALLBACK: dict[ProjectKind, str] = {
    "rest_api": "rest-api",
    "cli": "command-line-tool",
    "library": "library",
    "data_pipeline": "data-pipeline",
    "function": "function",
    "unknown": "project",
}


def project_name(draft: Draft, reader: ListReader, kind: ProjectKind, functions: tuple[str, ...]) -> str:
    """kebab-case: said outright, or by its domain, or by its things."""
    suffix = _SUFFIX.get(kind, "")
    words = _called(draft, reader)
    if words:
        return kebab(words, _FALLBACK[kind])
    if kind == "function":
        return kebab([functions[0].split(":")[-1]] if functions else [], _FALLBACK[kind])
    words = _domain(draft, reader, kind) or _before_kind(draft, reader)
    if not words and draft.things:
        words = plural_snake(next(iter(draft.things.values())).words).split("_")
    name = kebab(words, "")
    if not name:
        return _FALLBACK[kind]
    return name if not suffix or name.endswith(suffix) else f"{name}-{suffix}"


def _called(draft: Draft, reader: ListReader) -> list[str]:
    for index, token in enumerate(draft.tokens):
        if token.low in {"called", "named"} and reader.low(index - 1) not in {"function", "command", "is", "field"}:
            at = index + 1
            while reader.low(at) in {
                '"',
                "'",
                "`",
            }:
                at += 1
            if at < len(draft.tokens) and draft.tokens[at].word and reader.low(at) not in words_of("filler"):
                quoted = reader.low(at - 1) in _QUOTES
                end = at + 1
                while (
                    end < min(len(draft.tokens), at + 5)
                    and draft.tokens[end].word
                    and (quoted or draft.tokens[end].glued)
                ):
                    end += 1
                draft.use(index, end)
                return [t.text for t in draft.tokens[at:end]]
    return []


def _domain(draft: Draft, reader: ListReader, kind: ProjectKind) -> list[str]:
    """`for a bookstore`, `for my small bike shop`, `for temperature and length conversion`."""
    for index, token in enumerate(draft.tokens):
        if token.low != "for" or index + 1 >= len(draft.tokens):
            continue
        at = index + 1
        article = reader.low(at) in {"a", "an", "my", "our", "the", "your"}
        at += article
        at += 2 * (reader.low(at) in {"working", "dealing"} and reader.low(at + 1) == "with")
        if reader.low(at) in words_of("manage"):
            continue
        words: list[str] = []
        end = at
        joined = {"and"} if kind == "library" else set()
        while end < len(draft.tokens) and draft.tokens[end].word and len(words) < 4:
            low = reader.low(end)
            if low in words_of("domain_stop") - joined:
                break
            if low not in {
                "and",
                "small",
                "simple",
                "little",
                "local",
                "new",
                "big",
                "personal",
                "management",
                "tracking",
            }:
                words.append(low)
            end += 1
        while words and words[-1] in {
            "system",
            "application",
            "app",
            "service",
            "api",
            "company",
            "software",
            "tool",
            "platform",
        }:
            words.pop()
        if words and not words[0].isdigit():
            if article:
                draft.use(at, end)
            return words
    return []


def _before_kind(draft: Draft, reader: ListReader) -> list[str]:
    """`a todo API`, `bookstore REST API`."""
    filler = words_of("filler")
    for index in range(1, len(draft.tokens)):
        if reader.low(index) in {
            "api",
            "cli",
            "service",
            "tool",
            "library",
            "package",
            "pipeline",
            "tracker",
            "app",
            "manager",
            "rest",
            "backend",
        }:
            word = reader.low(index - 1)
            if draft.tokens[index - 1].word and word not in filler and word not in {"line", "restful"}:
                draft.use(index - 1, index)
                return [word]
    return []


def summary(text: str) -> str:
    """The first sentence of the request, on one line."""
    line = " ".join(text.split())
    end = min((i for i in (line.find(mark) for mark in (". ", "! ", "? ")) if i > 0), default=len(line))
    line = line[:end].rstrip(" .!?")
    return (
        line if len(line) <= SUMMARY_CHARS else line[: SUMMARY_CHARS - 1].rsplit(" ", 1)[0][: SUMMARY_CHARS - 1] + "…"
    )
