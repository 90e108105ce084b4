"""Run-length encoding."""

from collections.abc import Iterable
from itertools import groupby


def run_length_encode(text: str) -> list[tuple[str, int]]:
    """Return the runs of equal characters as (character, count) pairs."""
    return [(character, sum(1 for _ in run)) for character, run in groupby(text)]


def run_length_decode(runs: Iterable[tuple[str, int]]) -> str:
    """Undo `run_length_encode`.

    Raises ValueError for a count below 1.
    """
    parts: list[str] = []
    for character, count in runs:
        if count < 1:
            raise ValueError("counts must be positive")
        parts.append(character * count)
    return "".join(parts)
