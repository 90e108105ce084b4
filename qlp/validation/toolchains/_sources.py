"""The source files of one language in a project, sorted out once for all stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qlp.validation.project import Project
from qlp.validation.toolchains._encoding import argument


@dataclass(frozen=True)
class Sources:
    """Relative paths, sorted. `unreadable` are no UTF-8 text, so no tool is asked about them."""

    text: tuple[str, ...]
    unreadable: tuple[str, ...]
    ours: tuple[str, ...]
    """Those that did not come with the request; all, if none is left."""

    def __bool__(self) -> bool:
        return bool(self.text or self.unreadable)

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(map(argument, self.text))

    @property
    def our_arguments(self) -> tuple[str, ...]:
        return tuple(map(argument, self.ours))


def find_sources(project: Project, suffixes: Sequence[str]) -> Sources:
    found = project.of(suffixes)
    bad = frozenset(project.binary)
    text = tuple(p for p in found if p not in bad)
    return Sources(text, tuple(p for p in found if p in bad), project.ours(text))
