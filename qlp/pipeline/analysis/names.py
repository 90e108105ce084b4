"""Identifiers from words: singular and plural, snake_case, PascalCase; never a reserved word."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from qlp.pipeline.analysis.text import ascii_words
from qlp.pipeline.analysis.vocabulary import mapping_of, words_of

MAX_NAME = 40


@cache
def _plurals() -> dict[str, str]:
    return {one: many for many, one in mapping_of("grammar", "irregular_plurals").items()}


def singular(word: str) -> str:
    """`categories` -> `category`; words that have no plural stay."""
    if word in words_of("grammar", "same_in_plural") or word in words_of("grammar", "never_plural") or len(word) < 3:
        return word
    irregular: str | None = mapping_of("grammar", "irregular_plurals").get(word)
    if irregular is not None:
        return irregular
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def plural(word: str) -> str:
    """`category` -> `categories`."""
    if word in words_of("grammar", "same_in_plural"):
        return word
    if word in _plurals():
        return _plurals()[word]
    if word.endswith("y") and len(word) > 1 and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    if word.endswith(("s", "sh", "ch", "x", "z")):
        return word + "es"
    return word + "s"


def is_plural(word: str) -> bool:
    return singular(word) != word or word in words_of("grammar", "same_in_plural")


def snake(words: Iterable[str]) -> str:
    """A field's name, or "" if nothing of it can be written in ASCII; reserved words get a suffix."""
    parts = [p for word in words for p in ascii_words(word)]
    name = _cut(parts, "_")
    if not name:
        return ""
    if name[0].isdigit():
        name = _cut(["n", *parts], "_")
    if name in words_of("reserved", "keywords"):
        name += "_name" if name in {"class", "type", "package", "interface", "struct"} else "_value"
    return name


def pascal(words: Iterable[str]) -> str:
    """A thing's class name in the singular, or ""; a class that would hide another gets a suffix."""
    parts = [p for word in words for p in ascii_words(word)]
    if not parts:
        return ""
    parts = [*parts[:-1], singular(parts[-1])]
    if parts[0][0].isdigit():
        parts = ["n", *parts]
    name = "".join(p.capitalize() for p in _cut(parts, " ").split())
    # PascalCase is turned back into snake_case by its capitals, so a word must not start with a digit.
    if name in words_of("reserved", "classes") or name.lower() in words_of("reserved", "keywords"):
        name += "Record"
    return name


def plural_snake(words: Iterable[str]) -> str:
    """The plural of a thing as snake_case: `order_lines`."""
    parts = [p for word in words for p in ascii_words(word)]
    if not parts:
        return ""
    if parts[0][0].isdigit():
        parts = ["n", *parts]
    head, last = _cut([*parts[:-1], singular(parts[-1])], " ").rpartition(" ")[::2]
    name = "_".join([*head.split(), plural(last)])
    if name in words_of("reserved", "plurals") or name in words_of("reserved", "keywords"):
        name += "_records"
    return name


def kebab(words: Iterable[str], fallback: str) -> str:
    """A project's name: letters, digits and single hyphens; starts with a letter."""
    name = _cut([p for word in words for p in ascii_words(word)], "-")
    if not name:
        return fallback
    return name if name[0].isalpha() else _cut(["n", *name.split("-")], "-")


def _cut(parts: list[str], separator: str) -> str:
    """Join whole words while they fit in MAX_NAME minus room for a suffix."""
    room = MAX_NAME - 8
    kept: list[str] = []
    for part in parts:
        if sum(len(k) + 1 for k in kept) + len(part) > room:
            break
        kept.append(part)
    return separator.join(kept) if kept else (parts[0][:room] if parts else "")
