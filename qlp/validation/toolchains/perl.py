"""Perl: perl -c and its warnings, prove. `perl -c` runs BEGIN blocks: only in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import ProjectCommand, Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.parsers.tap import tap
from qlp.validation.project import Project
from qlp.validation.toolchains._own import has_shebang, lintable, own_check, planned, test_commands, versions
from qlp.validation.toolchains._support import support


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    bare = (p for p, t in project.text.items() if "." not in p.rsplit("/", 1)[-1] and has_shebang(t, "perl"))
    sources = tuple(sorted({*project.of((".pl", ".pm")), *_tests(project), *bare}))
    if not sources:
        return {}
    tests = tuple(_test(c) for c in test_commands(project.contract))
    return planned(
        {
            "syntax": (own_check("script_syntax.py", "perl", sources, tool="perl", wall_s=120),),
            "style": (
                own_check("script_syntax.py", "perl-warnings", lintable(project, sources), tool="perl", wall_s=120),
            ),
            "types": Skip("perl declares no types", applicable=False),
            "tests": tests or Skip("no test was given or generated"),
        }
    )


def _tests(project: Project) -> tuple[str, ...]:
    """Other languages call test files `.t` too."""
    return tuple(p for p in project.of((".t",)) if "use " in project.text.get(p, "") or p in project.binary)


def _test(test: ProjectCommand) -> Check:
    env = dict(test.env)
    if test.argv[0] != "prove":
        return Check(test.argv[0], Command(argv=test.argv, env=env), readings.exit_code("tests"))
    argv = ("prove", "-v", "--merge", *(a for a in test.argv[1:] if a not in ("-v", "--merge", "-m")))
    return Check("prove", Command(argv=argv, env=env), tap("prove"))


PERL = Toolchain(
    name="perl",
    profile="scripts",
    languages=("perl",),
    plan=_plan,
    versions=versions(
        "echo perl $(perl -e 'printf \"%vd\", $^V'); "
        "echo prove $(prove --version | sed -n 's/.*Harness v\\([0-9.]*\\).*/\\1/p')"
    ),
    support=support("qlp_report.py", "script_syntax.py"),
    trees={".pl": "perl", ".pm": "perl"},
)
