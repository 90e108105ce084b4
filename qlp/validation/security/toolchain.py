"""The toolchains of the security stage: rules with data flow, bandit, secrets, names of dependencies.

Each is one command over one archive in the profile `analysis`; the paths go in on standard input, so that files of
ours, and whatever else lies in the workspace, are never looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from qlp.config import home
from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation.check import Check, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.security.archive import NAME, packed
from qlp.validation.security.inside.languages import grammar_of
from qlp.validation.security.readings import report

_WALL_S = 150.0
_MANIFESTS = frozenset(
    {
        "requirements.txt", "pyproject.toml", "setup.cfg", "setup.py", "package.json", "go.mod", "Cargo.toml",
        "Gemfile", "composer.json", "pom.xml", "build.gradle", "build.gradle.kts",
    }
)  # fmt: skip
_IMPORTING = (".py", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts", ".cts", ".go")


def command(name: str, paths: Sequence[str]) -> Command:
    return Command(argv=("python3", "-I", NAME, name), stdin=json.dumps(list(paths)).encode(), wall_s=_WALL_S)


def _check(name: str, paths: Sequence[str]) -> Check:
    tool = {"rules": "security", "bandit": "bandit", "secrets": "secrets", "dependencies": "dependencies"}[name]
    return Check(tool, command(name, paths), report(tool))


def _rules(project: Project) -> Mapping[Stage, StagePlan]:
    known = tuple(p for p in project.paths if grammar_of(p)[0])
    if not known:
        return {}
    checks = [_check("rules", known)]
    if python := tuple(p for p in known if p.endswith(".py") and p in project.text):
        checks.append(_check("bandit", python))
    return {"security": tuple(checks)}


def _secrets(project: Project) -> Mapping[Stage, StagePlan]:
    texts = tuple(sorted(project.text))
    return {"security": (_check("secrets", texts),)} if texts else {}


def concerns_dependencies(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    listed = name.startswith("requirements") and name.endswith(".txt")
    return name in _MANIFESTS or listed or path.endswith(_IMPORTING)


def _dependencies(project: Project) -> Mapping[Stage, StagePlan]:
    texts = tuple(sorted(project.text))
    if not any(concerns_dependencies(p) for p in texts):
        return {}
    # All paths go along: a name that the project itself has is never unknown.
    return {"security": (_check("dependencies", texts),)}


_VERSIONS = """
import hashlib, importlib.metadata as m, pathlib, platform
own = hashlib.sha256(pathlib.Path(".qlp/security.pyz").read_bytes()).hexdigest()[:16]
for name in ("security", "secrets", "dependencies"): print(name, own)
for name in ("bandit", "detect-secrets", "tree-sitter", "tree-sitter-language-pack"): print(name, m.version(name))
print("python", platform.python_version())
"""


def _toolchain(name: str) -> Toolchain:
    plans = {"security": _rules, "secrets": _secrets, "dependencies": _dependencies}
    return Toolchain(
        name=name,
        profile="analysis",
        plan=plans[name],
        versions=Command(argv=("python3", "-c", _VERSIONS), wall_s=20),
        support={NAME: packed(home())},
    )


SECURITY = _toolchain("security")
SECRETS = _toolchain("secrets")
DEPENDENCIES = _toolchain("dependencies")
