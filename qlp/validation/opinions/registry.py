"""Reviewers, found by the entry point group `qlp.opinions`: ours and plug-ins alike."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any

from qlp.errors import QLPError
from qlp.validation.opinions.protocol import OpinionValidator

GROUP = "qlp.opinions"


@cache
def reviewers() -> dict[str, OpinionValidator]:
    """Every installed reviewer by name. Raises QLPError for an entry point that is none, or a name used twice."""
    found: dict[str, OpinionValidator] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        loaded: Any = entry.load()
        if not all(hasattr(loaded, part) for part in ("name", "version", "review")):
            raise QLPError(f"the plug-in {entry.value} of {GROUP} is no reviewer: it needs name, version and review")
        if loaded.name in found:
            raise QLPError(f"two plug-ins of {GROUP} are called {loaded.name!r}; remove one")
        found[loaded.name] = loaded
    return found
