"""The things of a request while they are being found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from qlp.pipeline.analysis.fields import RawField
from qlp.pipeline.analysis.names import pascal, singular
from qlp.pipeline.analysis.text import Token

MAX_DRAFTED = 40
"""Things kept while reading; keeps the analysis linear on hostile text."""


@dataclass
class Thing:
    """An entity to be: `words` in the singular."""

    words: tuple[str, ...]
    fields: list[RawField] = field(default_factory=list)
    parents: dict[str, bool] = field(default_factory=dict)
    """Key of the thing it belongs to -> required."""
    described: bool = False
    """The request lists its fields."""


@dataclass
class Draft:
    """What has been understood so far, and which tokens it explains."""

    tokens: tuple[Token, ...]
    things: dict[str, Thing] = field(default_factory=dict)
    decrements: list[tuple[str, str, str]] = field(default_factory=list)
    """(source key, target key, field name)."""
    used: set[int] = field(default_factory=set)
    unmet: list[str] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)

    def use(self, start: int, end: int) -> None:
        self.used.update(range(start, end))

    def declare(self, words: Sequence[str]) -> Thing | None:
        """The thing of that name, made if it is new; None if its name cannot be written or there are too many."""
        key = pascal(words)
        if not key:
            return None
        if key not in self.things:
            if len(self.things) >= MAX_DRAFTED:
                return None
            self.things[key] = Thing((*words[:-1], singular(words[-1])))
        return self.things[key]

    def resolve(self, words: Sequence[str]) -> str | None:
        """Key of a declared thing that these words name, also by its last word alone (`the book` of LibraryBook)."""
        if not words:
            return None
        key = pascal(words)
        if key in self.things:
            return key
        last = singular(words[-1])
        if len(words) > 1 and last in {"id", "ref", "reference"}:
            return self.resolve(words[:-1])
        same = [k for k, t in self.things.items() if t.words[-1] == last and len(words) == 1]
        return same[0] if len(same) == 1 else None
