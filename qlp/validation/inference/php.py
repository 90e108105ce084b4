"""phpunit by the project's own configuration, else over its folder of tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from qlp.models import ProjectCommand

_CONFIGS = ("phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml")


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    tests = sorted(p for p in paths if p.endswith("Test.php") and not p.startswith("vendor/"))
    if not tests:
        return
    if any(name in paths for name in _CONFIGS):
        yield ProjectCommand(purpose="test", argv=("phpunit", "--do-not-cache-result"))
        return
    folders = {p.rpartition("/")[0] for p in tests}
    top = next((f for f in ("tests", "test") if all(x == f or x.startswith(f + "/") for x in folders)), "")
    place = top or (folders.pop() or "." if len(folders) == 1 else ".")
    yield ProjectCommand(purpose="test", argv=("phpunit", "--no-configuration", "--do-not-cache-result", f"./{place}"))
