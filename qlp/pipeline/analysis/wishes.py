"""Wishes beyond things and fields: features that nothing serves, contradictions, words that were not understood."""

from __future__ import annotations

from qlp.models import ProjectKind
from qlp.pipeline.analysis.draft import Draft
from qlp.pipeline.analysis.names import plural, singular
from qlp.pipeline.analysis.stack import negated
from qlp.pipeline.analysis.text import Token
from qlp.pipeline.analysis.vocabulary import Phrases, phrases_of, vocabulary, words_of

_CLAUSE_ENDS = frozenset({".", ";", "!", "?", ",", "\n", ":", "(", ")"})
MAX_NOTES = 24
"""Most entries of one list of an analysis; a text with more has been understood well enough to refuse it."""


def features(draft: Draft, lows: tuple[str, ...], kind: ProjectKind) -> None:
    """Named features outside of what was read as things, fields and commands; some are the very work of a kind."""
    own = frozenset(vocabulary()["features_of_kind"].get(kind, ()))
    for label, start, end in phrases_of("features").find(lows):
        if label in own:
            continue
        if all(i in draft.used for i in range(start, end)):
            continue
        if not negated(lows, start):
            draft.unmet.append(str(label))
        draft.use(start, end)
    for label, start, end in phrases_of("databases", "names").find(lows):
        if not all(i in draft.used for i in range(start, end)) and not negated(lows, start):
            draft.unmet.append(f"database: {label}")
        draft.use(start, end)


def auth(lows: tuple[str, ...], used: set[int]) -> tuple[bool, bool]:
    """(an API key is asked for, authentication is asked for without saying which)."""
    key = any(not negated(lows, s) for _, s, _ in phrases_of("auth", "api_key").find(lows))
    general = any(not negated(lows, s) and s not in used for _, s, _ in phrases_of("auth", "general").find(lows))
    return key, general


def contradictions(words: tuple[str, ...], lows: tuple[str, ...]) -> list[str]:
    found = []
    for row in vocabulary()["impossible"]:
        index = _find_any(words, row["phrases"])
        if index is not None:
            found.append(str(row["why"]))
    for row in vocabulary()["exclusive"]:
        excluded = _without(words, row["without"])
        if excluded and _wanted(lows, row["left"]):
            found.append(str(row["why"]))
    return found


def _find_any(words: tuple[str, ...], phrases: list[str]) -> int | None:
    keys = {tuple(str(p).split()) for p in phrases}
    lengths = {len(k) for k in keys}
    for index in range(len(words)):
        for length in lengths:
            if words[index : index + length] in keys:
                return index
    return None


def _without(words: tuple[str, ...], phrases: list[str]) -> set[str]:
    """Words of the phrases that follow `no` or `without`."""
    keys = {tuple(str(p).split()) for p in phrases}
    lengths = sorted({len(k) for k in keys}, reverse=True)
    for index, word in enumerate(words):
        if word in {"no", "without"}:
            for length in lengths:
                if words[index + 1 : index + 1 + length] in keys:
                    return {" ".join(words[index + 1 : index + 1 + length])}
    return set()


def _wanted(lows: tuple[str, ...], phrases: list[str]) -> bool:
    return any(not negated(lows, s) for _, s, _ in Phrases((str(p), str(p)) for p in phrases).find(lows))


def _understood(draft: Draft) -> set[str]:
    """Words that name a thing or a field which has been understood, in both numbers."""
    named: set[str] = set()
    for thing in draft.things.values():
        for word in (*thing.words, *(w for f in thing.fields for w in f.words)):
            named |= {word, singular(word), plural(singular(word))}
    for _, _, name in draft.decrements:
        named |= set(name.split("_"))
    return named


def opposites(lows: tuple[str, ...]) -> list[str]:
    """`title is required ... title is optional`."""
    said: dict[str, set[str]] = {}
    for index in range(2, len(lows)):
        if lows[index] in {"required", "mandatory", "optional"} and lows[index - 1] in {"is", "be", "are"}:
            subject = index - 2 - (lows[index - 2] in {"must", "should", "can", "may"})
            if subject >= 0:
                said.setdefault(lows[subject], set()).add("optional" if lows[index] == "optional" else "required")
    return [f"field {name} both required and optional" for name, kinds in said.items() if len(kinds) > 1]


def leftovers(draft: Draft, tokens: tuple[Token, ...], *, allowed: int) -> None:
    """Clauses with more than `allowed` words that nothing explains become unmet: better refused than ignored.

    A clause that puts two things in a relation by one unknown word is not understood either; any other single
    unknown word is named among the assumptions.
    """
    filler = words_of("filler") | words_of("not_things") | words_of("belongs_optional") | _understood(draft)
    clause: list[int] = []
    notes = 0
    for index in range(len(tokens) + 1):
        ends = index == len(tokens) or (tokens[index].low in _CLAUSE_ENDS and index not in draft.used)
        if not ends:
            clause.append(index)
            continue
        free = [i for i in clause if i not in draft.used and tokens[i].word]
        strange = [i for i in free if tokens[i].low not in filler]
        related = {draft.resolve([tokens[i].low]) for i in free} - {None}
        if strange and (len(strange) > allowed or len(related) > 1) and notes < MAX_NOTES:
            words = [t.text for t in tokens[clause[0] : clause[-1] + 1] if t.word][:14]
            draft.unmet.append(f"not understood: {' '.join(words)[:120]}")
            notes += 1
        elif strange and notes < MAX_NOTES:
            draft.assumptions.append(f"`{tokens[strange[0]].text[:40]}` in the request changes nothing")
        clause = []
