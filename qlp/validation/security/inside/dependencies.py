"""`security.pyz dependencies`: invented, misspelt and undeclared packages, in manifests and in imports.

A name that no list knows is `low`: lists never hold all that exists. One letter beside a well-known name is `high`. An
import that neither the language, the project, its manifests nor the lists provide is `medium`: it will not resolve.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from .ir import Call, Const, Import, Name, walk
from .languages import LOWER, grammar_of
from .manifests import reader_of
from .packages import NODE_MODULES, Lists, Room, normal
from .report import emit, paths_from_stdin

MAX_BYTES = 1_000_000
MAX_LINE = 2_000
"""Average length of a line."""
_SEVERITY = {
    "typosquat": "high",
    "unlisted-dependency": "low",
    "unknown-import": "medium",
    "stdlib-dependency": "medium",
}
_BACKPORTS = frozenset(
    {"dataclasses", "importlib-metadata", "importlib-resources", "typing", "enum34", "tomllib", "asyncio"}
)
_REGISTRY = {
    "pypi": "PyPI", "npm": "npm", "go": "Go", "crates": "crates.io", "gems": "RubyGems", "composer": "Packagist",
    "maven": "Maven Central",
}  # fmt: skip


class Project:
    """Text files of the project, and what they declare."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths
        self.declared: dict[str, dict[str, list[tuple[str, str, int]]]] = {}
        """Ecosystem -> normal name -> (name as written, file, line)."""
        self.broken: list[str] = []
        self.local_python: set[str] = set()
        for path in paths:
            if path.endswith((".py", ".pyi", ".pyx", ".so")):
                parts = path.split("/")
                self.local_python.update(p.split(".")[0] for p in parts)
        self.top = {p.split("/")[0] for p in paths if "/" in p} | {p.split(".")[0] for p in paths if "/" not in p}
        self.go_module: list[str] = []
        self.npm_own: set[str] = set()
        self.aliases: list[str] = [
            "@/",
            "~/",
            "#",
            "$",
            "~",
            "virtual:",
            "bun:",
            "deno",
            "http://",
            "https://",
            "npm:",
            "jsr:",
        ]

    def text(self, path: str) -> str | None:
        try:
            with open(f"./{path}", "rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except OSError:
            return None
        return raw.decode("utf-8", "replace") if len(raw) <= MAX_BYTES else None

    def read_manifests(self) -> None:
        for path in self.paths:
            reader = reader_of(path)
            text = self.text(path) if reader or path.endswith(("tsconfig.json", "jsconfig.json")) else None
            if text is None:
                continue
            if reader is None:
                self.aliases += re.findall(r'"([@~#\w-][\w@/-]*)/?\*"\s*:', text)
                continue
            ecosystem, read = reader
            if ecosystem == "go":
                self.go_module += re.findall(r"(?m)^module\s+(\S+)", text)
            try:
                if path.endswith("package.json"):
                    self.npm_own.add(str(json.loads(text).get("name", "")))
                for name, line in read(text):
                    self.declared.setdefault(ecosystem, {}).setdefault(normal(ecosystem, name), []).append(
                        (name, path, line)
                    )
            except (ValueError, AttributeError, TypeError, KeyError):
                self.broken.append(path)


def finding(rule: str, path: str, line: int, message: str, fix: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"rule": rule, "severity": _SEVERITY[rule], "file": path, "line": line, "column": 1}
    return {**made, "message": message, "fix": fix}


def check_declared(project: Project, lists: Lists) -> Iterator[dict[str, Any]]:
    for ecosystem, names in project.declared.items():
        for plain, places in names.items():
            name, path, line = places[0]
            if ecosystem == "npm" and (name in project.npm_own or name in NODE_MODULES):
                continue
            if ecosystem == "pypi" and plain.replace("-", "_") in sys.stdlib_module_names and plain not in _BACKPORTS:
                if not lists.knows(ecosystem, name):
                    message = f"{name} is part of Python; the package of that name on PyPI is another one"
                    yield finding("stdlib-dependency", path, line, message, f"Remove {name}")
                continue
            if lists.knows(ecosystem, name):
                continue
            near = lists.near(ecosystem, name)
            where = _REGISTRY[ecosystem]
            if near is not None:
                message = f"{name} is almost {near}: a slip of the pen, or a package that waits for one"
                yield finding("typosquat", path, line, message, f"Use {near}")
            else:
                message = f"{name} is not on the list of well-known packages of {where}: check that it exists"
                yield finding("unlisted-dependency", path, line, message)


def python_imports(text: str) -> Iterator[tuple[str, int]]:
    """Top-level names of absolute imports. Raises SyntaxError, ValueError, RecursionError."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, node.lineno


def tree_imports(path: str, text: str) -> Iterator[tuple[str, int]]:
    """Specifiers of imports and of `require("...")`, JavaScript and Go."""
    if not re.search(r"\b(import|require|from)\b", text) or len(text) / (text.count("\n") + 1) > MAX_LINE:
        # No import at all, or minified: then it was put together by a bundler.
        return
    from tree_sitter_language_pack import get_parser  # type: ignore[import-not-found, unused-ignore]

    grammar, name = grammar_of(path)
    source = text.encode()
    tree = LOWER[name](source).lower(get_parser(grammar).parse(source).root_node)
    for node in walk(tree):
        if isinstance(node, Import):
            if name == "go":
                continue
            if node.module:
                yield node.module, node.at[0]
        elif isinstance(node, Call) and isinstance(node.func, Name) and node.func.id == "require" and node.args:
            value = node.args[0].value
            if isinstance(value, Const) and isinstance(value.value, str):
                yield value.value, node.at[0]


_GO_IMPORT = re.compile(r'^\s*(?:import\s+)?(?:[\w.]+\s+)?"([^"\s]+)"\s*(?://.*)?$')


def go_imports(text: str) -> Iterator[tuple[str, int]]:
    """Paths of the import declarations, which come before all other declarations."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"^(func|type|var|const)\b", line):
            return
        if line.startswith("import"):
            inside = "(" in line
            if not inside and (found := _GO_IMPORT.match(line)):
                yield found[1], number
        elif inside:
            if line.strip().startswith(")"):
                inside = False
            elif found := _GO_IMPORT.match(line):
                yield found[1], number


def python_known(name: str, project: Project, lists: Lists) -> bool:
    top = name.split(".")[0]
    declared = project.declared.get("pypi", {})
    if top in sys.stdlib_module_names or top in project.local_python or top == "__future__" or top.startswith("_"):
        return True
    package = normal("pypi", lists.imports.get(top, top))
    dashed = normal("pypi", top)
    candidates = {package, dashed, *(f"{prefix}{dashed}" for prefix in ("python-", "py", "django-", "flask-"))}
    if any(c in declared for c in candidates):
        return True
    # `google.cloud.storage` comes with google-cloud-storage: a namespace shared by packages.
    if any(d.startswith(dashed + "-") for d in declared):
        return True
    return lists.knows("pypi", package) or lists.knows("pypi", dashed)


def npm_known(specifier: str, project: Project, lists: Lists) -> bool:
    if specifier.startswith((".", "/", *project.aliases)):
        return True
    parts = specifier.removeprefix("node:").split("/")
    name = "/".join(parts[:2]) if specifier.startswith("@") else parts[0]
    if specifier.startswith("node:") or name in NODE_MODULES or name in project.npm_own:
        return True
    declared = project.declared.get("npm", {})
    if normal("npm", name) in declared or f"@types/{normal('npm', name)}" in declared:
        return True
    if name.split("/")[0] in project.top or not re.fullmatch(r"(@[\w.-]+/)?[\w.-]+", name):
        return True
    return lists.knows("npm", name)


def go_known(path: str, project: Project, lists: Lists) -> bool:
    if "." not in path.split("/")[0] or any(path == m or path.startswith(m + "/") for m in project.go_module):
        return True
    declared = project.declared.get("go", {})
    plain = normal("go", path)
    if any(plain == d or plain.startswith(d + "/") for d in declared):
        return True
    return lists.knows("go", path)


Known = Callable[[str, Project, Lists], bool]


def check_imports(project: Project, lists: Lists, facts: dict[str, int]) -> Iterator[dict[str, Any]]:
    seen: set[tuple[str, str]] = set()
    for path in project.paths:
        language = grammar_of(path)[1]
        if language not in ("python", "javascript", "go"):
            continue
        text = project.text(path)
        if text is None:
            facts["files_left_out"] = facts.get("files_left_out", 0) + 1
            continue
        known: Known
        try:
            if language == "python":
                found, known, ecosystem = list(python_imports(text)), python_known, "pypi"
            elif language == "go":
                found, known, ecosystem = list(go_imports(text)), go_known, "go"
            else:
                found, known, ecosystem = list(tree_imports(path, text)), npm_known, "npm"
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # The syntax stage says what is wrong with such a file.
            facts["files_left_out"] = facts.get("files_left_out", 0) + 1
            continue
        for name, line in found:
            facts["imports"] = facts.get("imports", 0) + 1
            short = name.split(".")[0] if language == "python" else name
            if (path, short) in seen or known(name, project, lists):
                continue
            seen.add((path, short))
            near = lists.near(ecosystem, short)
            message = (
                f"{short} is neither part of the language nor of this project, is not declared, and is not well known"
            )
            if near is not None:
                message += f"; {near} is"
            yield finding("unknown-import", path, line, message, f"Use {near}" if near else "")


def main(room: Room) -> None:
    project, lists = Project(paths_from_stdin()), Lists(room)
    project.read_manifests()
    facts: dict[str, int] = {"declared": sum(len(n) for n in project.declared.values())}
    if project.broken:
        facts["manifests_unread"] = len(project.broken)
    findings = [*check_declared(project, lists), *check_imports(project, lists, facts)]
    emit(findings, dict(facts))
