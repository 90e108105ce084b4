"""C#: Mono's compiler for syntax, types and, by its own warnings, style; programs with a Main as tests."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.inference.csharp import REFERENCES
from qlp.validation.parsers.mcs import mcs_style, mcs_syntax, mcs_types, newer_features
from qlp.validation.parsers.programs import programs
from qlp.validation.project import Project
from qlp.validation.toolchains._encoding import encoding_checks
from qlp.validation.toolchains._sources import find_sources
from qlp.validation.toolchains._support import support


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = find_sources(project, (".cs",))
    if not sources:
        return {}
    bad = encoding_checks(sources.unreadable)
    if not sources.text:
        nothing = Skip("no source file of this project is text")
        return {"syntax": bad, "style": nothing, "types": nothing, "tests": nothing}
    newer = newer_features({p: project.text[p] for p in sources.text})
    parse = ("mcs", "-nologo", "--parse", *sources.arguments)
    return {
        "syntax": (Check("mcs", Command(argv=parse, wall_s=60), mcs_syntax(newer)), *bad),
        "types": (Check("mcs", _compile("types", sources.arguments), mcs_types(newer)),),
        "style": (Check("mcs", _compile("style", sources.arguments), mcs_style(newer)),),
        "tests": _tests(project),
    }


def _compile(name: str, files: tuple[str, ...]) -> Command:
    """As a library, so that several programs of one folder can be checked together."""
    out = f"-out:.qlp/{name}.dll"
    return Command(argv=("mcs", "-nologo", "-warn:4", "-target:library", *REFERENCES, out, *files), wall_s=120)


def _tests(project: Project) -> StagePlan:
    test = project.contract.command("test")
    if test is None:
        return Skip("no test was given or generated")
    parse = programs if any("programs.py" in word for word in test.argv) else readings.exit_code("tests")
    return (Check("mono", Command(argv=test.argv, env=dict(test.env)), parse),)


_VERSIONS = """
set -- $(mcs --version); for v; do :; done; echo "mcs $v"
set -- $(mono --version); while [ "$1" != version ]; do shift; done; echo "mono $2"
python3 -c 'import platform; print("python3", platform.python_version())'
"""

CSHARP = Toolchain(
    name="csharp",
    profile="mono",
    languages=("c#",),
    plan=_plan,
    versions=Command(argv=("sh", "-c", _VERSIONS), wall_s=30),
    support=support("programs.py"),
    trees={".cs": "c#"},
)
