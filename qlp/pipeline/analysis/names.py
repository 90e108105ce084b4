"""Identifiers from words: singular and plural, snake_case, PascalCase; never a reserved word."""

from __future__ import annotations

from collections.abc import Iterable

from qlp.pipeline.analysis.text import ascii_words
from qlp.pipeline.analysis.vocabulary import words_of

MAX_NAME = 40

_IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "mice": "mouse",
    "feet": "foot",
    "teeth": "tooth",
    "geese": "goose",
    "data": "data",
    "media": "media",
    "criteria": "criterion",
    "indices": "index",
    "matrices": "matrix",
    "vertices": "vertex",
    "analyses": "analysis",
    "knives": "knife",
    "lives": "life",
    "wives": "wife",
    "leaves": "leaf",
    "shelves": "shelf",
    "wolves": "wolf",
    "halves": "half",
    "movies": "movie",
    "cookies": "cookie",
    "heroes": "hero",
    "potatoes": "potato",
    "tomatoes": "tomato",
    "buses": "bus",
    "viruses": "virus",
    "quizzes": "quiz",
    "caches": "cache",
    "aches": "ache",
    "shoes": "shoe",
    "ties": "tie",
    "pies": "pie",
    "calories": "calorie",
    "zombies": "zombie",
    "dice": "die",
    "oxen": "ox",
    "staff": "staff",
    "axes": "axis",
    "crises": "crisis",
    "theses": "thesis",
    "diagnoses": "diagnosis",
    "bases": "base",
    "databases": "database",
    "statuses": "status",
    "canvases": "canvas",
    "aliases": "alias",
    "bonuses": "bonus",
    "campuses": "campus",
    "gases": "gas",
    "lenses": "lens",
    "selfies": "selfie",
    "rookies": "rookie",
    "categories": "category",
}
_PLURAL = {singular: plural for plural, singular in _IRREGULAR.items() if singular not in {"base"}}
_SAME = frozenset(
    [
        "sheep",
        "fish",
        "deer",
        "series",
        "species",
        "aircraft",
        "equipment",
        "information",
        "news",
        "furniture",
        "software",
        "hardware",
        "feedback",
        "money",
        "rice",
        "moose",
        "salmon",
        "offspring",
        "homework",
        "luggage",
        "staff",
        "data",
        "media",
        "headquarters",
        "chassis",
        "corps",
        "means",
        "swine",
        "bison",
        "cattle",
        "inventory_stock",
    ]
)
_NOT_PLURAL = frozenset(
    [
        "status",
        "address",
        "class",
        "business",
        "process",
        "access",
        "progress",
        "success",
        "bus",
        "gas",
        "boss",
        "loss",
        "pass",
        "bonus",
        "campus",
        "virus",
        "lens",
        "canvas",
        "alias",
        "atlas",
        "analysis",
        "basis",
        "axis",
        "crisis",
        "thesis",
        "diagnosis",
        "iris",
        "tennis",
        "gps",
        "sms",
        "this",
        "his",
        "is",
        "was",
        "has",
        "dress",
        "glass",
        "mass",
        "cross",
        "grass",
        "kiss",
        "less",
        "compass",
        "express",
        "illness",
        "fitness",
        "wellness",
        "harness",
        "witness",
        "business",
        "press",
        "chess",
        "address",
        "always",
        "perhaps",
        "plus",
        "minus",
        "focus",
        "genius",
        "menus_",
        "radius",
        "stimulus",
        "syllabus",
        "apparatus",
        "census",
        "corpus",
        "nexus",
        "us",
        "css",
        "js",
        "os",
        "ios",
        "dns",
        "https",
        "aws",
        "sass",
        "tls",
        "ssl",
        "rss",
        "cms",
    ]
)


def singular(word: str) -> str:
    """`categories` -> `category`; words that have no plural stay."""
    if word in _SAME or word in _NOT_PLURAL or len(word) < 3:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def plural(word: str) -> str:
    """`category` -> `categories`."""
    if word in _SAME:
        return word
    if word in _PLURAL:
        return _PLURAL[word]
    if word.endswith("y") and len(word) > 1 and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    if word.endswith(("s", "sh", "ch", "x", "z")):
        return word + "es"
    return word + "s"


def is_plural(word: str) -> bool:
    return singular(word) != word or word in _SAME


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
