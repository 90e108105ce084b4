"""One proposed change."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """`text[start:end]`, which is `original`, becomes `replacement`; offsets count characters."""

    start: int
    end: int
    original: str
    replacement: str
    operator: str
    """compare, negate, logic, arithmetic, constant, boolean, return, remove."""
    line: int
    column: int
    """From 1, as `line`."""
    function: str = ""
    """Name of the function around it, to spread a sample over functions; empty at the top level."""


WEIGHTS = {
    "compare": 1.0,
    "negate": 1.0,
    "logic": 1.0,
    "arithmetic": 1.0,
    "return": 0.8,
    "boolean": 0.8,
    "remove": 0.7,
    "constant": 0.5,
}
"""How readily each kind is drawn: a changed constant is the one that most often means nothing (a limit, a size)."""
