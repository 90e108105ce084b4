"""Words of a request in a form in which phrases can be compared: linear in the text, never raises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

MAX_CHARS = 32_000
"""Longer texts are cut: nobody names a function after that."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z0-9]+|[.;:!?\n]")
BREAK = ""
"""Stands between sentences, so that no phrase reaches across."""


@cache
def vocabulary() -> dict[str, Any]:
    """`data/vocabulary.json`: word lists for finding and for coverage."""
    text = files(__package__).joinpath("data", "vocabulary.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def listed(name: str) -> frozenset[str]:
    """One word list of the vocabulary, stemmed."""
    return frozenset(stem(word) for word in vocabulary()[name])


def stem(word: str) -> str:
    """A word without its plural or third-person ending: `boxes` -> box, `strings` -> string, `is` stays."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def plain_words(text: str) -> list[str]:
    """Lower-case words with camelCase and snake_case split, and BREAK where a sentence ends."""
    split = _CAMEL.sub(" ", text[:MAX_CHARS].replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", ""))
    return [word if word.isalnum() else BREAK for word in _WORD.findall(split.lower())]


def key(words: Iterable[str]) -> list[str]:
    """Stemmed words without articles and the like: the form in which phrases are compared."""
    return [stem(word) for word in words if word not in _articles()]


@cache
def _articles() -> frozenset[str]:
    return frozenset(vocabulary()["articles"])
