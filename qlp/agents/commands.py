"""How a generated project is installed, built and tested: fixed by its language, never by a model."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from qlp.models import Language, ProjectCommand

MANIFESTS: Mapping[str, str] = {
    "python": "requirements.txt",
    "javascript": "package.json",
    "typescript": "package.json",
    "go": "go.mod",
}
PIP_INSTALL = (
    "python3 -m pip install --no-index --disable-pip-version-check --no-warn-script-location -r requirements.txt"
)
_PYTEST_FINDS = re.compile(r"(test_.*|.*_test)\.py")


def project_commands(language: Language, files: Sequence[str], tests: Sequence[str]) -> tuple[ProjectCommand, ...]:
    """install (if there is a manifest), build (Go), test. `tests` are the paths of the test files."""
    commands: list[ProjectCommand] = []
    if language == "python" and "requirements.txt" in files:
        commands.append(ProjectCommand(purpose="install", argv=tuple(PIP_INSTALL.split())))
    if language in ("javascript", "typescript") and "package.json" in files:
        commands.append(ProjectCommand(purpose="install", argv=("qlp-node-install",)))
    if language == "go":
        commands.append(ProjectCommand(purpose="build", argv=("go", "build", "./...")))
    commands.append(ProjectCommand(purpose="test", argv=_test_argv(language, sorted(tests))))
    return tuple(commands)


def _test_argv(language: Language, tests: list[str]) -> tuple[str, ...]:
    if language == "python":
        runnable = [p for p in tests if p.endswith(".py") and posixpath.basename(p) != "conftest.py"]
        # Named only where pytest would not find them, so that the usual command stays the usual one.
        named = [] if all(_PYTEST_FINDS.fullmatch(posixpath.basename(p)) for p in runnable) else runnable
        return ("python3", "-m", "pytest", "-q", *named)
    if language == "go":
        return ("go", "test", "./...")
    runner = ("node", "--import", "tsx", "--test") if language == "typescript" else ("node", "--test")
    return (*runner, *(p for p in tests if posixpath.splitext(p)[1] in (".js", ".mjs", ".cjs", ".ts", ".mts")))
