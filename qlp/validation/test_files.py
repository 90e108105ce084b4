"""Which files are tests, by the names that the languages' own runners and habits use."""

from __future__ import annotations

import re

_FOLDERS = re.compile(r"(?:^|/)(?:tests?|specs?|__tests__|__mocks__|testing|testdata|fixtures|e2e)/")
_NAMES = re.compile(
    r"""(?x)^(?:
      test_.*\.(?:py|c|cc|cpp|cxx|rb|rs|sh|php|pl|lua) | .*_test\.(?:py|go|rb|rs|c|cc|cpp|cxx|sh|dart|exs)
    | conftest\.py | tests?\.(?:py|rs|c|cpp|sh|js|ts)
    | .*[._-](?:test|spec|tests)\.(?:[cm]?[jt]sx?|sh|bats) | test-.*\.[cm]?[jt]s
    | .*Tests?\.(?:java|cs|php|kt) | Test[A-Z].*\.(?:java|cs) | .*TestCase\.java | .*[a-z]IT\.java
    | .*_spec\.(?:rb|lua) | .*\.bats | .*\.t
    )$"""
)
_NO_SOURCE = re.compile(
    r"(?:^|/)(?:vendor|node_modules|third_party|dist|build|target|obj|migrations|coverage|\.[^/]+)/"
)
_CONFIG = re.compile(
    r"(?:^|/)(?:[\w.-]+\.config\.[cm]?[jt]s|setup\.py|noxfile\.py|Rakefile|build\.rs|.*\.d\.ts|.*\.min\.js)$"
)


def is_code(path: str) -> bool:
    """Whether a file is the project's own code: no test, and neither vendored, made by a tool, nor configuration."""
    return not (is_test(path) or _NO_SOURCE.search(path) or _CONFIG.search(path))


def is_test(path: str) -> bool:
    """Whether a file is a test or belongs to one."""
    return bool(_FOLDERS.search(path) or _NAMES.match(path.rsplit("/", 1)[-1]))
