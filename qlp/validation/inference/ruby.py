"""rspec over *_spec.rb, minitest or test-unit over the other test files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from qlp.models import ProjectCommand

_EACH = "ARGV.each { |file| require File.expand_path(file) }"


def _is_test(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    return (
        name.endswith(".rb")
        and (name.startswith(("test_", "tc_")) or name.endswith("_test.rb"))
        and name != "test_helper.rb"
    )


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    if any(p.endswith("_spec.rb") for p in paths):
        specs = tuple(f"./{p}" for p in sorted(paths) if p.endswith("_spec.rb"))
        yield ProjectCommand(purpose="test", argv=("rspec", "-I.", "-Ilib", *specs))
    tests = tuple(f"./{p}" for p in sorted(paths) if _is_test(p))
    if tests:
        yield ProjectCommand(purpose="test", argv=("ruby", "-I.", "-Ilib", "-Itest", "-e", _EACH, *tests))
