"""What a project depends on, read from its own manifests: requirements.txt, pyproject.toml, package.json, go.mod."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from qlp.models import SourceFile

Ecosystem = Literal["pypi", "npm", "golang"]


class Dependency(NamedTuple):
    ecosystem: Ecosystem
    name: str
    version: str | None
    """Exact version, None where the manifest gives a range."""
    requirement: str
    """As written: `>=1,<2`, `^4.21`, `v1.2.3`; empty for any version."""
    scope: Literal["required", "optional", "excluded"]
    """`excluded` is needed to build or test and not to run."""
    file: str


class Dependencies(NamedTuple):
    found: tuple[Dependency, ...]
    """Sorted, one for each (ecosystem, name, version, scope, file)."""
    unread: tuple[str, ...]
    """`path: reason` of every manifest, or line of it, that could not be read."""


class _UnreadableError(Exception):
    """A manifest that is not what its name says."""


def find_dependencies(files: Iterable[SourceFile]) -> Dependencies:
    """Never fails for bad manifests: generated files may be wrong, and the SBOM then says so."""
    found: set[Dependency] = set()
    unread: list[str] = []
    for file in sorted(files, key=lambda f: f.path):
        reader = _reader(file.path)
        if reader is None:
            continue
        try:
            for item in reader(file):
                if isinstance(item, Dependency):
                    found.add(item)
                else:
                    unread.append(f"{file.path}: {item}")
        except (_UnreadableError, ValueError, RecursionError) as error:
            unread.append(f"{file.path}: {error}")
    return Dependencies(tuple(sorted(found, key=lambda d: tuple(str(v) for v in d))), tuple(unread))


_Reader = Callable[[SourceFile], Iterator[Dependency | str]]


def _reader(path: str) -> _Reader | None:
    name = path.rsplit("/", 1)[-1]
    if re.fullmatch(r"requirements([-_.][\w.-]+)?\.(txt|in)", name):
        return _requirements
    return {"pyproject.toml": _pyproject, "package.json": _package_json, "go.mod": _go_mod}.get(name)


def _requirements(file: SourceFile) -> Iterator[Dependency | str]:
    """PEP 508 lines; options such as `-r` and `--hash` name no dependency of their own."""
    development = re.search(r"dev|test|lint", file.path.rsplit("/", 1)[-1]) is not None
    for line in file.content.replace("\\\n", " ").splitlines():
        text = re.sub(r"(^|\s)#.*$", "", line).split(" --", 1)[0].strip()
        if text and not text.startswith("-"):
            yield _pep508(text, "excluded" if development else "required", file.path)


def _pyproject(file: SourceFile) -> Iterator[Dependency | str]:
    data = tomllib.loads(file.content)
    project = _table(data.get("project", {}), "project")
    for text in _strings(project.get("dependencies", []), "project.dependencies"):
        yield _pep508(text, "required", file.path)
    for extra, items in _table(project.get("optional-dependencies", {}), "project.optional-dependencies").items():
        development = re.search(r"dev|test|lint", str(extra)) is not None
        for text in _strings(items, f"project.optional-dependencies.{extra}"):
            yield _pep508(text, "excluded" if development else "optional", file.path)
    for group, items in _table(data.get("dependency-groups", {}), "dependency-groups").items():
        # A group may include another one by a table (PEP 735); that other group is read on its own.
        plain = [i for i in items if not isinstance(i, dict)] if isinstance(items, list) else items
        for text in _strings(plain, f"dependency-groups.{group}"):
            yield _pep508(text, "excluded", file.path)
    build = _table(data.get("build-system", {}), "build-system")
    for text in _strings(build.get("requires", []), "build-system.requires"):
        yield _pep508(text, "excluded", file.path)


def _pep508(text: str, scope: Literal["required", "optional", "excluded"], file: str) -> Dependency | str:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return f"{text!r} is not a requirement"
    exact = [s.version for s in requirement.specifier if s.operator in ("==", "===") and not s.version.endswith(".*")]
    written = str(requirement.specifier) or requirement.url or ""
    return Dependency(
        "pypi", str(canonicalize_name(requirement.name)), exact[0] if exact else None, written, scope, file
    )


_NPM_FIELDS: Mapping[str, Literal["required", "optional", "excluded"]] = {
    "dependencies": "required",
    "peerDependencies": "required",
    "optionalDependencies": "optional",
    "devDependencies": "excluded",
}
_SEMVER = re.compile(r"[=v]?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)")


def _package_json(file: SourceFile) -> Iterator[Dependency | str]:
    data = _table(json.loads(file.content), "the document")
    for field, scope in _NPM_FIELDS.items():
        for name, wanted in _table(data.get(field, {}), field).items():
            if not isinstance(wanted, str):
                raise _UnreadableError(f"{field}.{name} is not a text")
            exact = _SEMVER.fullmatch(wanted.strip())
            yield Dependency("npm", name, exact[1] if exact else None, wanted, scope, file.path)


_GO_REQUIRE = re.compile(r"(?P<module>[^\s()]+)\s+(?P<version>v\d\S*)")


def _go_mod(file: SourceFile) -> Iterator[Dependency | str]:
    """`require` lines, single or in a block; module versions are always exact (go.dev/ref/mod)."""
    block = False
    for line in file.content.splitlines():
        text = line.split("//", 1)[0].strip()
        if block and text == ")":
            block = False
        elif re.fullmatch(r"require\s*\(", text):
            block = True
        elif block or text.startswith("require "):
            rest = text.removeprefix("require ").strip()
            found = _GO_REQUIRE.fullmatch(rest)
            if found:
                yield Dependency("golang", found["module"], found["version"], found["version"], "required", file.path)
            elif rest:
                yield f"{rest!r} is not a requirement"


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _UnreadableError(f"{where} is not a table")
    return value


def _strings(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise _UnreadableError(f"{where} is not a list of texts")
    return value
