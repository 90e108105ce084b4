"""Tests that came with the request: which module they import decides which file the model has to write."""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections.abc import Mapping
from typing import Literal, NamedTuple

from qlp.errors import InputError
from qlp.models import Analysis, ContractFile, Language, PublicName, Request, Task
from qlp.models.plan import USER_TESTS

_SUFFIXES: dict[str, Language] = {
    ".py": "python",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".js": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".go": "go",
}
_BAKED = frozenset(
    {
        "_pytest",
        "pytest",
        "pytest_asyncio",
        "hypothesis",
        "fastapi",
        "starlette",
        "uvicorn",
        "pydantic",
        "httpx",
        "anyio",
    }
)
"""Modules of the Python sandbox that tests import and nobody has to write."""
_JS_SPECIFIER = re.compile(r"""['"](\.{1,2}/[^'"\n]{1,300})['"]""")
_JS_STATEMENT_CHARS = 2000
"""How far before its specifier an import statement may begin."""
_GO_PACKAGE = re.compile(r"^[ \t]*package[ \t]+(\w+)", re.MULTILINE)


class Imported(NamedTuple):
    """A local module that tests import and do not bring along."""

    path: str
    names: tuple[str, ...]
    package: str = ""
    """Go: the package clause of the file."""


def user_tests_task() -> Task:
    return Task(id=USER_TESTS, kind="test", title="Tests given with the request", complexity="trivial")


def user_test_files(request: Request) -> tuple[ContractFile, ...]:
    return tuple(ContractFile(path=p, task=USER_TESTS, purpose="given by the user") for p in sorted(request.tests))


def language_of_tests(tests: Mapping[str, str]) -> Language | None:
    """The one language that the suffixes name; None if there is none, or several."""
    found = {_SUFFIXES[s] for path in tests if (s := posixpath.splitext(path)[1]) in _SUFFIXES}
    return found.pop() if len(found) == 1 else None


def in_language_of_tests(request: Request, analysis: Analysis) -> Analysis:
    """The tests say which language is wanted, unless the request does. Raises InputError if the two differ."""
    language = language_of_tests(request.tests)
    if language in (None, analysis.spec.language):
        return analysis
    if request.language is not None:
        raise InputError(f"the request asks for {request.language}, its tests are {language}")
    spec = analysis.spec.model_copy(update={"language": language, "framework": None})
    return analysis.model_copy(update={"spec": spec})


def imported_modules(tests: Mapping[str, str], language: Language) -> tuple[Imported, ...]:
    """Local modules that the tests import, by path. Raises InputError for tests that cannot be read."""
    names: dict[str, set[str]] = {}
    packages: dict[str, str] = {}
    for path, source in sorted(tests.items()):
        if language == "python":
            found = _python_imports(path, source)
        elif language == "go":
            found, packages = _go_imports(path, source, packages)
        else:
            found = _js_imports(path, source, language)
        for module, used in found.items():
            names.setdefault(module, set()).update(used)
    return tuple(
        Imported(path, tuple(sorted(used)), packages.get(path, ""))
        for path, used in sorted(names.items())
        if path not in tests and path.removesuffix(".py") + "/__init__.py" not in tests
    )


def public_names(module: Imported) -> tuple[PublicName, ...]:
    return tuple(PublicName(file=module.path, name=name, kind=_kind(name, module.path)) for name in module.names)


def _kind(name: str, path: str) -> Literal["function", "class", "constant"]:
    if name.isupper() and len(name) > 1:
        return "constant"
    return "class" if name[0].isupper() and not path.endswith(".go") else "function"


def _python_imports(path: str, source: str) -> dict[str, set[str]]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"the test {path} does not parse: {error}", file=path) from None
    found: dict[str, set[str]] = {}
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level and _is_local(node.module):
            file = node.module.replace(".", "/") + ".py"
            found.setdefault(file, set()).update(a.name for a in node.names if a.name != "*")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _is_local(alias.name):
                    file = alias.name.replace(".", "/") + ".py"
                    found.setdefault(file, set())
                    aliases[alias.asname or alias.name] = file
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            found[aliases[node.value.id]].add(node.attr)
    return found


def _is_local(module: str) -> bool:
    top = module.split(".")[0]
    return top not in sys.stdlib_module_names and top not in _BAKED


def _js_imports(path: str, source: str, language: Language) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for match in _JS_SPECIFIER.finditer(source):
        names = _js_names(source[max(0, match.start() - _JS_STATEMENT_CHARS) : match.start()])
        if names is None:
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[1]))
        if target.startswith(".."):
            raise InputError(f"the test {path} imports {match[1]}, which is outside the project", file=path)
        stem, suffix = posixpath.splitext(target)
        if language == "typescript" and suffix in ("", ".js"):
            target = stem + ".ts"
        elif suffix not in _SUFFIXES and suffix != ".json":
            target += ".js"
        found.setdefault(target, set()).update(names)
    return found


def _js_names(before: str) -> set[str] | None:
    """Names bound by the statement that ends in a specifier, given the text before it; None if it imports nothing.

    `import {a, b as c} from`, `export {a} from`, `import`, `const {a} = require(`, `const {a} = await import(`.
    """
    text = before.rstrip()
    called = text.endswith("(")
    text = text.removesuffix("(").rstrip()
    word = re.search(r"\w+$", text[-20:])
    keyword = word[0] if word else ""
    if keyword not in (("require", "import") if called else ("from", "import")):
        return None
    statement = text[: -len(keyword)]
    start = max(statement.rfind(k) for k in (("const ", "let ", "var ") if called else ("import", "export")))
    bound = statement[start:] if start >= 0 else ""
    inside = bound[bound.find("{") + 1 : bound.rfind("}")] if "{" in bound and "}" in bound else ""
    words = (re.split(r"\bas\b|:", part)[0].strip().removeprefix("type ").strip() for part in inside.split(","))
    return {name for name in words if name.isidentifier() and name != "default"}


def _go_imports(path: str, source: str, packages: dict[str, str]) -> tuple[dict[str, set[str]], dict[str, str]]:
    """A Go test names no file: the module is `solution.go` beside it, in the test's package."""
    clause = _GO_PACKAGE.search(source)
    if clause is None:
        raise InputError(f"the test {path} has no package clause", file=path)
    package = clause[1].removesuffix("_test")
    target = posixpath.join(posixpath.dirname(path), "solution.go")
    used = set(re.findall(rf"\b{package}\.([A-Z]\w*)", source)) if clause[1].endswith("_test") else set()
    return {target: used}, {**packages, target: package}
