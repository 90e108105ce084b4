"""What a request asks beyond the entries that it names: the difference between serving it and serving something near.

A request for a palindrome checker may add "ignoring case", which the entry does, or "case-sensitive", which it does
not. Every word must be explained: by a phrase that names an entry, by the words for details that an entry lists, or
by the words in which anyone asks for any function. What is left over is a wish that would be silently dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from qlp.blueprints.functions.catalogue import catalogue
from qlp.blueprints.functions.finding import spans
from qlp.blueprints.functions.words import BREAK, key, listed, plain_words, vocabulary


def unexplained(words: Iterable[str], ids: tuple[str, ...]) -> tuple[str, ...]:
    """Words of the request that neither the entries nor the usual wording explain, in order, each once."""
    tokens = key(plain_words(" ".join(words)))
    known = listed("usual") | {word for entry in ids for word in _details(entry)}
    excluded = {word for entry in ids for word in key(catalogue()[entry].excludes)}
    named = {i for start, end, entry, _ in spans(tokens) if entry in ids for i in range(start, end)}
    usual = {i for start, end in _usual_phrases(tokens) for i in range(start, end)}
    left: dict[str, None] = {}
    for i, token in enumerate(tokens):
        if i in named or _is_noise(token):
            continue
        if token in excluded or (token not in known and i not in usual):
            left.setdefault(token)
    return tuple(left)


def _is_noise(token: str) -> bool:
    """Breaks, numbers and single letters (n, k, O(n))."""
    return token == BREAK or len(token) == 1 or token.isdigit()


@cache
def _details(entry_id: str) -> frozenset[str]:
    """Every word that belongs to the subject of an entry."""
    entry = catalogue()[entry_id]
    names = [name.name for exported in entry.names.values() for name in exported]
    exported = [*names, *(name.lower() for name in names)]
    texts = [entry.id, entry.title, entry.summary, *entry.phrases, *entry.weak_phrases, *entry.covers, *exported]
    return frozenset(word for text in texts for word in key(plain_words(text)))


@cache
def _harmless() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Usual phrases by their first word; `no dependencies` is harmless, `no` is not."""
    by_first: dict[str, tuple[tuple[str, ...], ...]] = {}
    for phrase in vocabulary()["usual_phrases"]:
        words = tuple(key(plain_words(phrase)))
        by_first[words[0]] = (*by_first.get(words[0], ()), words)
    return by_first


def _usual_phrases(tokens: list[str]) -> list[tuple[int, int]]:
    return [
        (start, start + len(phrase))
        for start, token in enumerate(tokens)
        for phrase in _harmless().get(token, ())
        if tuple(tokens[start : start + len(phrase)]) == phrase
    ]
