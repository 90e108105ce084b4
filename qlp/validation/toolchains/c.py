"""C and C++: gcc for syntax and types, cppcheck and -Wunused for style, -fanalyzer for C, sanitized tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.inference.c import C_SUFFIXES, CPP_SUFFIXES, HEADERS, SANITIZED, includes, standard
from qlp.validation.parsers.cppcheck import TEMPLATE, cppcheck
from qlp.validation.parsers.ctest import ctest
from qlp.validation.parsers.gcc import gcc_analyzer, gcc_syntax, gcc_types, gcc_unused
from qlp.validation.parsers.programs import programs
from qlp.validation.project import Project
from qlp.validation.toolchains._encoding import argument, encoding_checks
from qlp.validation.toolchains._sources import find_sources
from qlp.validation.toolchains._support import support

_ENGLISH = {"LC_ALL": "C"}
"""Plain quotes in what gcc says: its parser reads them."""
_JSON = ("-fdiagnostics-format=json", "-fmax-errors=60", "-pthread", "-O2", "-c", "-o", "/dev/null")
"""Optimised, because some warnings depend on what the optimiser sees; nothing is linked."""
_WARN = (
    "-Wall", "-Wextra", "-Wformat=2", "-Wno-format-nonliteral", "-Wconversion", "-Wno-sign-conversion", "-Wlogical-op",
    "-Wduplicated-cond", "-Wno-missing-field-initializers", "-Wunused",
)  # fmt: skip
_WARN_ONE = {"c": ("-Wold-style-definition",), "c++": ("-Wnon-virtual-dtor", "-Woverloaded-virtual")}
_ANALYSE = ("-fanalyzer", "-Wformat", "-Wformat-security", "-fdiagnostics-path-format=none")
_SUPPRESSED = ("missingIncludeSystem", "missingInclude", "unmatchedSuppression", "unusedFunction", "toomanyconfigs",
               "checkersReport", "normalCheckLevelMaxBranches", "unusedStructMember")  # fmt: skip


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = find_sources(project, (*C_SUFFIXES, *CPP_SUFFIXES))
    headers = find_sources(project, HEADERS)
    if not sources and not headers:
        return {}
    bad = encoding_checks((*sources.unreadable, *headers.unreadable))
    # Headers alone are checked as what they would be included in.
    units = sources.text or headers.text
    if not units:
        nothing = Skip("no source file of this project is text")
        return {"syntax": bad, "style": nothing, "types": nothing, "tests": nothing}
    c = tuple(p for p in units if p.endswith(C_SUFFIXES))
    cpp = tuple(p for p in units if p not in c)
    ours = project.ours(units)
    runs = tuple(
        _units(language, files, (*_WARN, *_WARN_ONE[language]), project)
        for language, files in (("c", c), ("c++", cpp))
        if files
    )
    analyser = (Check("gcc", _units("c", c, _ANALYSE, project), gcc_analyzer),) if c else ()
    return {
        "syntax": (*bad, *(Check("gcc", run, gcc_syntax) for run in runs)),
        "types": tuple(Check("gcc", run, gcc_types) for run in runs),
        "style": (
            Check("cppcheck", _cppcheck(project, ours), cppcheck),
            *(Check("gcc", run, gcc_unused(frozenset(ours))) for run in runs),
        ),
        "security": analyser or Skip("gcc's analyser reads C only"),
        "tests": _tests(project),
    }


def _units(language: str, files: Sequence[str], options: Sequence[str], project: Project) -> Command:
    """One command for three stages: gcc_units.py compiles each file once and answers all of them."""
    tool = "gcc" if language == "c" else "g++"
    header = ("-x", "c++-header") if files[0].endswith(HEADERS) else ()
    flags = (tool, f"-std={standard(language, project.text)}", *_JSON, *options, *includes(project.paths), *header)
    argv = ("python3", ".qlp/gcc_units.py", *flags, "--", *map(argument, files))
    return Command(argv=argv, env=_ENGLISH, wall_s=300)


def _cppcheck(project: Project, files: Sequence[str]) -> Command:
    only_c = all(p.endswith(C_SUFFIXES) for p in files)
    only_cpp = not any(p.endswith(C_SUFFIXES) for p in files)
    argv = (
        "cppcheck", "-q", "--enable=warning,style,performance,portability", "--inline-suppr", f"--template={TEMPLATE}",
        "--library=posix", *(f"--suppress={name}" for name in _SUPPRESSED), "-I", ".", "-I", "include", "-I", "src",
        *(("--language=c",) if only_c else ("--language=c++",) if only_cpp else ()), "--template-location=",
        *(f"./{p}" for p in files),
    )  # fmt: skip
    return Command(argv=argv, wall_s=120)


def _tests(project: Project) -> StagePlan:
    test = project.contract.command("test")
    if test is None:
        return Skip("no test was given or generated")
    words = " ".join(test.argv)
    parse = ctest if "ctest" in words else programs if "programs.py" in words else readings.exit_code("tests")
    tool = "ctest" if parse is ctest else "gcc" if parse is programs else test.argv[0]
    return (Check(tool, Command(argv=test.argv, env={**SANITIZED, **test.env}), parse),)


_VERSIONS = """
for t in gcc g++; do echo "$t $($t -dumpfullversion)"; done
set -- $(cppcheck --version); echo "cppcheck $2"
set -- $(ctest --version); echo "ctest $3"; echo "cmake $3"
set -- $(make --version); echo "make $3"
python3 -c 'import platform; print("python3", platform.python_version())'
"""

C = Toolchain(
    name="c",
    profile="c",
    languages=("c", "c++"),
    plan=_plan,
    versions=Command(argv=("sh", "-c", _VERSIONS), wall_s=30),
    support=support("programs.py", "gcc_units.py"),
    trees={".c": "c", **dict.fromkeys((*CPP_SUFFIXES, ".hpp", ".hh", ".hxx"), "c++")},
)
