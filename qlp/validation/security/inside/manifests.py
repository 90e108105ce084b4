"""Names of dependencies in the files that declare them, with the line where each stands."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

Declared = tuple[str, int]
"""Name as written, line from 1."""

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:[=<>!~;@ ]|$)")
_GEM = re.compile(
    r"^\s*(?:gem|add_dependency|\w+\.add_(?:runtime_|development_)?dependency)\s*\(?\s*[\"']([\w.-]+)[\"']"
)
_GRADLE = re.compile(r"[\"']([A-Za-z][\w.-]+):([\w.-]+)(?::[^\"']*)?[\"']")
_GO = re.compile(r"^\s*(?:require\s+)?([a-z0-9][\w.-]*\.[a-z]{2,}(?:/[^\s]+)*)\s+v\d")


def _line(text: str, name: str) -> int:
    at = text.find(f'"{name}"')
    at = at if at >= 0 else text.find(name)
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


def requirements(text: str) -> Iterator[Declared]:
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.split("#")[0].strip()
        if plain.startswith(("-", ".", "/")) or "://" in plain.split("@")[0]:
            continue
        if found := _REQUIREMENT.match(plain):
            yield found[1], number


def pyproject(text: str) -> Iterator[Declared]:
    made = tomllib.loads(text)
    project = made.get("project", {})
    listed: list[Any] = list(project.get("dependencies", []))
    for extra in project.get("optional-dependencies", {}).values():
        listed += extra
    for group in made.get("dependency-groups", {}).values():
        listed += [entry for entry in group if isinstance(entry, str)]
    listed += made.get("build-system", {}).get("requires", [])
    poetry = made.get("tool", {}).get("poetry", {})
    tables = [poetry.get("dependencies", {}), poetry.get("dev-dependencies", {})]
    tables += [g.get("dependencies", {}) for g in poetry.get("group", {}).values()]
    own = str(project.get("name", poetry.get("name", "")))
    names = [m[1] for entry in listed if isinstance(entry, str) and (m := _REQUIREMENT.match(entry))]
    names += [name for table in tables for name in table if name != "python"]
    for name in names:
        if name != own:
            yield name, _line(text, name)


def package_json(text: str) -> Iterator[Declared]:
    made = json.loads(text)
    for group in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        table = made.get(group)
        for name, version in table.items() if isinstance(table, dict) else ():
            if not str(version).startswith(("file:", "link:", "workspace:", "git", "http", "npm:", "portal:")):
                yield name, _line(text, name)


def go_mod(text: str) -> Iterator[Declared]:
    for number, line in enumerate(text.splitlines(), 1):
        if (found := _GO.match(line.split("//")[0])) and "// indirect" not in line:
            yield found[1], number


def cargo(text: str) -> Iterator[Declared]:
    made = tomllib.loads(text)
    tables = [made.get(k, {}) for k in ("dependencies", "dev-dependencies", "build-dependencies")]
    tables.append(made.get("workspace", {}).get("dependencies", {}))
    for table in tables:
        for name, spec in table.items():
            if isinstance(spec, dict) and ("path" in spec or "git" in spec):
                continue
            yield (spec.get("package", name) if isinstance(spec, dict) else name), _line(text, name)


def gemfile(text: str) -> Iterator[Declared]:
    for number, line in enumerate(text.splitlines(), 1):
        if (found := _GEM.match(line)) and not re.search(r"\b(path|git|github):", line):
            yield found[1], number


def composer(text: str) -> Iterator[Declared]:
    made = json.loads(text)
    for group in ("require", "require-dev"):
        table = made.get(group)
        for name in table if isinstance(table, dict) else ():
            if "/" in name:
                yield name, _line(text, name)


def maven(text: str) -> Iterator[Declared]:
    for block in re.finditer(r"<(dependency|plugin|parent)>(.*?)</\1>", text[:1_000_000], re.S):
        if group := re.search(r"<groupId>\s*([\w.-]+)\s*</groupId>", block[2]):
            yield group[1], text.count("\n", 0, block.start()) + 1


_CONFIGURATION = re.compile(
    r"\b(implementation|api|compileOnly|runtimeOnly|testImplementation|annotationProcessor|classpath|kapt)\b"
)


def gradle(text: str) -> Iterator[Declared]:
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.split("//")[0]
        if _CONFIGURATION.search(plain) and (found := _GRADLE.search(plain)):
            yield found[1], number


READERS: dict[str, tuple[str, Callable[[str], Iterator[Declared]]]] = {
    "pyproject.toml": ("pypi", pyproject),
    "package.json": ("npm", package_json),
    "go.mod": ("go", go_mod),
    "Cargo.toml": ("crates", cargo),
    "Gemfile": ("gems", gemfile),
    "composer.json": ("composer", composer),
    "pom.xml": ("maven", maven),
    "build.gradle": ("maven", gradle),
    "build.gradle.kts": ("maven", gradle),
}


def reader_of(path: str) -> tuple[str, Callable[[str], Iterator[Declared]]] | None:
    name = path.rsplit("/", 1)[-1]
    if name.startswith("requirements") and name.endswith(".txt"):
        return "pypi", requirements
    return READERS.get(name)
