"""Python: compile, ruff, mypy, bandit, pytest. A project's own tool configuration is respected."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.toolchains._support import support

_TEST_FOLDERS = ("tests/", "test/")


def _is_test(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    return (
        path.startswith(_TEST_FOLDERS) or name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    )


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    files, contract = project.text, project.contract
    sources = tuple(sorted(p for p in files if p.endswith(".py")))
    if not sources:
        return {}
    ours = tuple(p for p in sources if p not in contract.given) or sources
    shipped = tuple(p for p in sources if not _is_test(p)) or sources
    test = contract.command("test")
    tests: StagePlan = Skip("no test was given or generated")
    if test is not None and any(_is_test(p) for p in sources):
        argv = (*test.argv, "-rfE", "--tb=short", "-p", "no:cacheprovider") if "pytest" in test.argv else test.argv
        parse = readings.pytest if "pytest" in test.argv else readings.exit_code("tests")
        tests = (Check("pytest", Command(argv=argv, env=dict(test.env)), parse),)
    return {
        "syntax": (Check("python", Command(argv=("python3", ".qlp/py_syntax.py"), wall_s=30), readings.syntax_report),),
        "style": (
            Check(
                "ruff",
                Command(argv=("ruff", "check", "--no-cache", "--output-format", "json", *ours), wall_s=60),
                readings.ruff,
            ),
            Check(
                "ruff",
                Command(argv=("ruff", "format", "--no-cache", "--check", *ours), wall_s=60),
                readings.ruff_format,
            ),
        ),
        "types": (
            Check(
                "mypy",
                Command(argv=("mypy", "--output", "json", "--cache-dir", "/dev/null", *shipped), wall_s=120),
                readings.mypy,
            ),
        ),
        "security": (
            Check("bandit", Command(argv=("bandit", "-q", "-f", "json", *shipped), wall_s=60), readings.bandit),
        ),
        "tests": tests,
    }


_VERSIONS = """
import importlib.metadata as m, platform
print("python", platform.python_version())
for name in ("ruff", "mypy", "bandit", "pytest", "hypothesis", "fastapi", "uvicorn", "pydantic"):
    try: print(name, m.version(name))
    except m.PackageNotFoundError: print(name, "missing")
"""

PYTHON = Toolchain(
    name="python",
    profile="python",
    languages=("python",),
    plan=_plan,
    versions=Command(argv=("python3", "-c", _VERSIONS), wall_s=20),
    support=support("py_syntax.py"),
    trees={".py": "python"},
)
