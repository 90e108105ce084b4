"""Which entries of the catalogue a request names. Precise rather than eager: a name that could mean anything counts
only where a function or a class is plainly asked for."""

from __future__ import annotations

from functools import cache

from qlp.blueprints.functions.catalogue import Entry, catalogue
from qlp.blueprints.functions.words import BREAK, key, listed, plain_words

SHORT_REQUEST = 8
"""A request of no more words than this, articles apart, needs no word such as `function` to mean one."""
LOOK_BACK = 3
"""How far before a name a word such as `without` turns it off."""


def find(words: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Ids of the entries that the request names, in the order of their appearance, each once.

    `text` is the request; `words` stands in when there is no text. Takes time linear in the text.
    """
    tokens = key(plain_words(text) if text.strip() else plain_words(" ".join(words)))
    found: dict[str, None] = {}
    clear = _asks_for_code(tokens)
    for start, _, entry, strong in spans(tokens):
        if (strong or clear) and not _turned_off(tokens, start):
            found.setdefault(entry)
    return tuple(found)


def spans(tokens: list[str]) -> list[tuple[int, int, str, bool]]:
    """(start, end, id, strong) of the longest phrases, from left to right, without overlap."""
    by_phrase, longest = _phrases()
    result: list[tuple[int, int, str, bool]] = []
    start = 0
    while start < len(tokens):
        for size in range(min(longest, len(tokens) - start), 0, -1):
            named = by_phrase.get(tuple(tokens[start : start + size]))
            if named is not None:
                result.append((start, start + size, *named))
                start += size
                break
        else:
            start += 1
    return result


@cache
def _phrases() -> tuple[dict[tuple[str, ...], tuple[str, bool]], int]:
    """Every phrase with the entry it names and whether it is strong; and the length of the longest."""
    by_phrase: dict[tuple[str, ...], tuple[str, bool]] = {}
    for entry in catalogue().values():
        weak = {tuple(key(plain_words(phrase))) for phrase in entry.weak_phrases}
        for phrase in (*entry.phrases, *_own_names(entry)):
            words = tuple(key(plain_words(phrase)))
            by_phrase.setdefault(words, (entry.id, words not in weak))
        for words in (*weak, tuple(key([entry.id]))):
            by_phrase.setdefault(words, (entry.id, False))
    return by_phrase, max(map(len, by_phrase))


def _own_names(entry: Entry) -> list[str]:
    """`is prime`, and `isprime` as lower-casing leaves it. One word alone (`mode`, `rotate`) could mean anything."""
    if "_" not in entry.id:
        return []
    return [entry.id.replace("_", " "), entry.id.replace("_", "")]


def _asks_for_code(tokens: list[str]) -> bool:
    present = set(tokens)
    if present & listed("applications"):
        return False
    return bool(present & listed("code")) or len(tokens) - tokens.count(BREAK) <= SHORT_REQUEST


def _turned_off(tokens: list[str], start: int) -> bool:
    return any(token in listed("negations") for token in tokens[max(0, start - LOOK_BACK) : start])
