"""Candidates against tests that somebody else wrote: neither is trusted, what agrees with each other is.

Dual execution agreement of Chen et al., "CodeT: Code Generation with Generated Tests" (ICLR 2023), section 2.3:
candidates that pass the same tests are one group, and a group weighs its candidates times the tests they pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from qlp.models._base import Frozen


class Row(Frozen):
    """One candidate's line of the matrix."""

    passed: frozenset[str]
    """Names of the generated tests that it passes."""
    votes: int = 1
    """Samples that were exactly this candidate."""


class Group(Frozen):
    """Candidates that pass the same tests."""

    members: tuple[int, ...]
    """Indices of the rows."""
    tests: int
    votes: int

    @property
    def weight(self) -> int:
        return self.votes * self.tests


def groups(rows: Sequence[Row]) -> tuple[Group, ...]:
    """The heaviest first; of equal weight the one that passes more tests, then the one that came first."""
    by_set: dict[frozenset[str], list[int]] = {}
    for i, row in enumerate(rows):
        by_set.setdefault(row.passed, []).append(i)
    made = [
        Group(members=tuple(members), tests=len(passed), votes=sum(rows[i].votes for i in members))
        for passed, members in by_set.items()
    ]
    return tuple(sorted(made, key=lambda g: (-g.weight, -g.tests, g.members[0])))
