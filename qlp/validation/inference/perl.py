"""prove over the folder t."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from qlp.models import ProjectCommand


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    tests = tuple(f"./{p}" for p in sorted(paths) if p.endswith(".t"))
    if tests:
        yield ProjectCommand(purpose="test", argv=("prove", "-I.", "-Ilib", *tests))
