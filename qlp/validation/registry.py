"""Toolchains, found by the entry point group `qlp.validators`: ours and plug-ins alike."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any

from qlp.errors import InputError, QLPError
from qlp.models import ProjectLanguage
from qlp.validation.check import Toolchain

GROUP = "qlp.validators"


@cache
def toolchains() -> tuple[Toolchain, ...]:
    """Every installed toolchain, by name. Raises QLPError for an entry point that is none, or a name used twice."""
    found: dict[str, Toolchain] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        loaded: Any = entry.load()
        if not isinstance(loaded, Toolchain):
            raise QLPError(f"the plug-in {entry.value} of {GROUP} is no qlp.validation.Toolchain")
        if loaded.name in found:
            raise QLPError(f"two plug-ins of {GROUP} are called {loaded.name!r}; remove one")
        found[loaded.name] = loaded
    return tuple(found[name] for name in sorted(found))


@cache
def origins() -> dict[str, str]:
    """Entry point -> package and version that it comes from: another version is another toolchain."""
    return {
        entry.value: f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else ""
        for entry in entry_points(group=GROUP)
    }


def main_toolchain(language: ProjectLanguage) -> Toolchain:
    """The one in whose profile projects of the language are built, tested and run. Raises InputError."""
    for toolchain in toolchains():
        if language in toolchain.languages:
            return toolchain
    known = sorted(name for toolchain in toolchains() for name in toolchain.languages)
    raise InputError(f"no validator for {language!r} is installed; there are {', '.join(known)}")
