"""bats over its test files, else the scripts that are called tests, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from fnmatch import fnmatchcase

from qlp.models import ProjectCommand

_NAMES = ("test_*.sh", "*_test.sh", "test_*.bash", "*_test.bash")
_EACH = 'for test in "$@"; do bash "$test" || exit 1; done'


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    bats = tuple(sorted(p for p in paths if p.endswith(".bats")))
    scripts = tuple(sorted(p for p in paths if any(fnmatchcase(p.rsplit("/", 1)[-1], name) for name in _NAMES)))
    if bats:
        yield ProjectCommand(purpose="test", argv=("bats", *(f"./{p}" for p in bats)))
    elif scripts:
        yield ProjectCommand(purpose="test", argv=("bash", "-c", _EACH, "tests", *(f"./{p}" for p in scripts)))
