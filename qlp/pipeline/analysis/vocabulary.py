"""The word lists of the analysis, read once from vocabulary.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from qlp.pipeline.analysis.text import phrase_key

MAX_PHRASE_WORDS = 7


class Phrases:
    """A set of phrases, each with a label, found by look-ups of word n-grams: linear in the text."""

    def __init__(self, labelled: Iterable[tuple[str, str]]) -> None:
        self._label = {phrase_key(phrase): label for phrase, label in labelled}
        lengths = {len(key) for key in self._label}
        self._lengths = tuple(sorted(lengths, reverse=True))

    def at(self, words: tuple[str, ...], index: int) -> tuple[str, int] | None:
        """The longest phrase that starts at `index`, as (label, number of words)."""
        for length in self._lengths:
            label = self._label.get(words[index : index + length])
            if label is not None and index + length <= len(words):
                return label, length
        return None

    def find(self, words: tuple[str, ...]) -> list[tuple[str, int, int]]:
        """All phrases, left to right and without overlap: (label, start, end)."""
        found, index = [], 0
        while index < len(words):
            hit = self.at(words, index)
            if hit is None:
                index += 1
            else:
                found.append((hit[0], index, index + hit[1]))
                index += hit[1]
        return found


@cache
def vocabulary() -> Mapping[str, Any]:
    """The parsed file; its keys are documented in it."""
    text = files("qlp.pipeline.analysis").joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    # Every scalar stays a string (YAML 1.1 takes `on` for a truth value). The C loader is faster where it is.
    data: Mapping[str, Any] = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    return data


@cache
def words_of(*path: str) -> frozenset[str]:
    """A list of the vocabulary as a set, such as `words_of("reserved", "keywords")`."""
    node: Any = vocabulary()
    for key in path:
        node = node[key]
    return frozenset(str(item) for item in node)


@cache
def phrases_of(*path: str) -> Phrases:
    """A list (each phrase is its own label) or a mapping label -> list, as Phrases."""
    node: Any = vocabulary()
    for key in path:
        node = node[key]
    if isinstance(node, Mapping):
        return Phrases((str(p), str(label)) for label, listed in node.items() for p in listed)
    return Phrases((str(p), str(p)) for p in node)


@cache
def mapping_of(*path: str) -> Mapping[str, Any]:
    """A mapping of the vocabulary."""
    node: Any = vocabulary()
    for key in path:
        node = node[key]
    return dict(node)
