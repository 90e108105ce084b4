"""How a reproduction is run, and how its output shows that it failed by itself and not because it is broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from qlp.models import ProjectLanguage
from qlp.sandbox.protocol import ExecResult

_PYTHON_FRAME = re.compile(r"^(\S+\.py):\d+: in \S", re.M)
_PYTHON_SUMMARY = re.compile(r"^(?:FAILED|ERROR) \S+(?: - (.*))?$", re.M)
_PYTHON_BROKEN = ("ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError", "fixture '")


@dataclass(frozen=True)
class Runner:
    """`failed(result, path, project)`: whether the file at `path` failed by an assertion, or in the project's code."""

    argv: tuple[str, ...]
    """Before the path."""
    example: str
    failed: Callable[[ExecResult, str, Collection[str]], bool]
    tool: str
    whole_folder: bool = False
    """The path's folder is given to the runner instead of the file."""

    def command(self, path: str) -> tuple[str, ...]:
        if not self.whole_folder:
            return (*self.argv, f"./{path}")
        folder = path.rsplit("/", 1)[0] if "/" in path else ""
        return (*self.argv, f"./{folder}")


def runner_of(language: ProjectLanguage) -> Runner | None:
    """None where no test runner's output tells a failed assertion from a broken test: such opinions stay opinions."""
    return _RUNNERS.get(language)


def _output(result: ExecResult) -> str:
    return (result.stdout + b"\n" + result.stderr).decode("utf-8", "replace")


def _pytest(result: ExecResult, path: str, project: Collection[str]) -> bool:
    """Exit 1 is "tests failed"; 2 to 5 are collection errors, usage and nothing found. The reason decides the rest:
    an assertion, or an exception that came out of the project's own code."""
    if result.exit_code != 1 or result.timed_out:
        return False
    text = result.stdout.decode("utf-8", "replace")  # warnings of plug-ins look like frames, on stderr
    reasons = [reason or "" for reason in _PYTHON_SUMMARY.findall(text)]
    if not reasons or any(broken in reason for broken in _PYTHON_BROKEN for reason in reasons):
        return False
    if all(r.startswith(("assert ", "AssertionError", "Failed: DID NOT RAISE")) for r in reasons):
        return True
    frames = [frame.removeprefix("./") for frame in _PYTHON_FRAME.findall(text)]
    return bool(frames) and frames[-1] in project


def _node(result: ExecResult, path: str, project: Collection[str]) -> bool:
    text = _output(result)
    broken = ("ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND", "SyntaxError", "ERR_IMPORT", "ReferenceError")
    return (
        result.exit_code == 1
        and not result.timed_out
        and "ERR_ASSERTION" in text
        and not any(word in text for word in broken)
    )


def _go(result: ExecResult, path: str, project: Collection[str]) -> bool:
    text = _output(result)
    return (
        result.exit_code == 1
        and not result.timed_out
        and "--- FAIL" in text
        and not any(word in text for word in ("[build failed]", "[setup failed]"))
    )


_PYTEST = Runner(
    ("python3", "-m", "pytest", "-q", "--tb=short", "-rfE", "-p", "no:cacheprovider"),
    "tests/test_reproduction.py",
    _pytest,
    "pytest",
)
_NODE = ("node", "--test", "--test-reporter=tap")
_TSX = ("node", "--import", "/opt/qlp/node/node_modules/tsx/dist/loader.mjs", "--test", "--test-reporter=tap")
_RUNNERS: dict[ProjectLanguage, Runner] = {
    "python": _PYTEST,
    "javascript": Runner(_NODE, "reproduction.test.mjs", _node, "node"),
    "typescript": Runner(_TSX, "reproduction.test.ts", _node, "node"),
    "go": Runner(("go", "test", "-count=1"), "reproduction_test.go", _go, "go", whole_folder=True),
}
