"""Python: compile, ruff, mypy, pytest or unittest. A project's own tool configuration is respected."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.parsers.mypy import mypy
from qlp.validation.parsers.own_tests import own_tests
from qlp.validation.parsers.ruff import DEFECTS, ruff
from qlp.validation.project import Project
from qlp.validation.test_files import is_test
from qlp.validation.toolchains._support import support

_SUFFIXES = (".py", ".pyi")
_RUFF_FILES = ("ruff.toml", ".ruff.toml")
_REQUIREMENTS = re.compile(r"(?:^|/)(?:requirements[\w.-]*\.(?:txt|in)|setup\.(?:py|cfg)|Pipfile|environment\.ya?ml)$")


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = project.of(_SUFFIXES)
    if not sources:
        return {}
    readable = tuple(p for p in sources if p in project.text)
    if not readable:
        nothing = Skip("no Python file is UTF-8 text")
        return {"syntax": (_syntax(sources),), "style": nothing, "types": nothing, "tests": nothing}
    return {
        "syntax": (_syntax(sources),),
        "style": _style(project, project.ours(readable)),
        "types": (_types(project, readable),),
        "tests": _tests(project, readable),
    }


def _names(paths: Sequence[str]) -> bytes:
    return b"".join(p.encode() + b"\0" for p in paths)


def _syntax(paths: Sequence[str]) -> Check:
    command = Command(argv=("python3", ".qlp/py_syntax.py"), stdin=_names(paths), wall_s=60)
    return Check("python", command, readings.syntax_report)


def _style(project: Project, ours: Sequence[str]) -> StagePlan:
    paths = tuple(f"./{p}" for p in ours)
    own = any(p.rsplit("/", 1)[-1] in _RUFF_FILES for p in project.text) or any(
        "[tool.ruff" in text for p, text in project.text.items() if p.endswith("pyproject.toml")
    )
    select = () if own else ("--select", ",".join((*DEFECTS, "E4", "E7")))
    check = ("ruff", "check", "--no-cache", "--output-format", "json", *select, "--")
    layout = ("ruff", "format", "--no-cache", "--check", "--")
    return (
        Check("ruff", Command(argv=check, wall_s=60), ruff, paths=paths),
        Check("ruff", Command(argv=layout, wall_s=60), readings.ruff_format, paths=paths),
    )


def _types(project: Project, readable: Sequence[str]) -> Check:
    shipped = tuple(p for p in readable if not is_test(p) and not p.endswith("setup.py")) or readable
    depends = any(_REQUIREMENTS.search(p) for p in project.text) or any(
        "dependencies" in text for p, text in project.text.items() if p.endswith("pyproject.toml")
    )
    path = {"MYPYPATH": "src"} if any(p.startswith("src/") for p in readable) else {}
    command = Command(argv=("python3", ".qlp/py_types.py"), stdin=_names(shipped), env=path, wall_s=180)
    return Check("mypy", command, mypy(depends=depends))


def _tests(project: Project, readable: Sequence[str]) -> StagePlan:
    commands = [c for c in project.contract.commands if c.purpose == "test"]
    if not commands or not any(is_test(p) for p in readable):
        return Skip("no test was given or generated")
    return tuple(
        Check(
            "unittest" if "unittest" in c.argv else "pytest",
            Command(argv=("python3", ".qlp/py_tests.py", *c.argv), env=dict(c.env)),
            own_tests,
        )
        for c in commands
    )


_VERSIONS = """
import importlib.metadata as m, platform
print("python", platform.python_version())
print("unittest", platform.python_version())
for name in ("ruff", "mypy", "pytest", "hypothesis", "coverage", "fastapi", "uvicorn", "pydantic"):
    try: print(name, m.version(name))
    except m.PackageNotFoundError: print(name, "missing")
"""

PYTHON = Toolchain(
    name="python",
    profile="python",
    languages=("python",),
    plan=_plan,
    versions=Command(argv=("python3", "-c", _VERSIONS), wall_s=20),
    support=support(
        "py_syntax.py", "py_types.py", "py_tests.py", "py_plugin/qlp_pytest.py", "py_plugin/qlp_unittest.py"
    ),
    trees={".py": "python"},
)
