"""npm's own install from the image's packages, and the runner that the test files were written for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Set

from qlp.models import ProjectCommand
from qlp.validation.package_json import PackageJson, package_json
from qlp.validation.test_files import is_test

_LOADER = ("--import", "/opt/qlp/node/node_modules/tsx/dist/loader.mjs")
_VITEST = ("/opt/qlp/node/node_modules/.bin/vitest", "run")
_AS_JEST = (*_VITEST, "--config", ".qlp/jest/vitest.config.mjs", "--configLoader", "runner")
"""jest itself is in no sandbox; vitest runs what is written for it."""
_TYPESCRIPT = (".ts", ".mts", ".cts", ".tsx")
_SUFFIXES = (".js", ".mjs", ".cjs", ".jsx", *_TYPESCRIPT)
_IMPORTS_VITEST = re.compile(r"""['"]vitest['"]""")
_NODE_TEST = re.compile(r"""['"](?:node:test|test)['"]""")
_JEST_STYLE = re.compile(r"\b(?:describe|it|test)(?:\.\w+)?\s*\(")
_SHELL = re.compile(r"[|&;<>$`*?\\(){}\[\]~#\n]")
_PLACEHOLDER = "no test specified"


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    package = package_json(files)
    if "package.json" in paths:
        yield ProjectCommand(purpose="install", argv=("qlp-node-install",))
    tests = {p: t for p, t in sorted(files.items()) if p.endswith(_SUFFIXES) and is_test(p)}
    script = package.scripts.get("test", "")
    if _uses_made_files(script, package):
        yield ProjectCommand(purpose="build", argv=("npm", "run", "build"))
    argv = _by_script(script) or _by_files(paths, tests, package)
    if argv:
        yield ProjectCommand(purpose="test", argv=argv)


def _uses_made_files(script: str, package: PackageJson) -> bool:
    return bool(re.search(r"\b(?:dist|build|lib)/", script)) and "build" in package.scripts


def _by_script(script: str) -> tuple[str, ...]:
    """The project's own word for it, if a runner that is here understands it."""
    if not script or _PLACEHOLDER in script or re.search(r"\b(?:jest|mocha|ava|tap|jasmine|c8|nyc)\b", script):
        return ()
    if _SHELL.search(script):
        return ("npm", "test")
    words = tuple(shlex.split(script))
    if words and words[0] == "vitest":
        return (*_VITEST, *(w for w in words[1:] if w not in ("run", "--watch", "--coverage")))
    return words if words and words[0] == "node" and "--test" in words else ("npm", "test")


def _by_files(paths: Set[str], tests: Mapping[str, str], package: PackageJson) -> tuple[str, ...]:
    if not tests:
        return ()
    configured = any(re.fullmatch(r"vitest\.config\.[cm]?[jt]s", p) for p in paths)
    if configured or any(_IMPORTS_VITEST.search(t) for t in tests.values()):
        return _VITEST
    for_node = {p: t for p, t in tests.items() if _NODE_TEST.search(t)}
    if not for_node and any(_JEST_STYLE.search(t) and "expect(" in t for t in tests.values()):
        return _AS_JEST
    loader = _LOADER if any(p.endswith(_TYPESCRIPT) for p in paths) else ()
    chosen = for_node or {p: t for p, t in tests.items() if "assert" in t or "throw" in t} or tests
    return ("node", *loader, "--test", *(f"./{p}" for p in sorted(chosen)))
