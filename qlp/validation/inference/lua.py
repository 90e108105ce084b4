"""The scripts that are called tests, one after the other: there is no test runner that every Lua has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from fnmatch import fnmatchcase

from qlp.models import ProjectCommand

_NAMES = ("test_*.lua", "*_test.lua")
_EACH = 'for test in "$@"; do lua5.4 "$test" || exit 1; done'
_PATH = "./?.lua;./?/init.lua;./src/?.lua;./lib/?.lua;;"


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    tests = tuple(f"./{p}" for p in sorted(paths) if any(fnmatchcase(p.rsplit("/", 1)[-1], name) for name in _NAMES))
    if tests:
        yield ProjectCommand(purpose="test", argv=("sh", "-c", _EACH, "tests", *tests), env={"LUA_PATH": _PATH})
