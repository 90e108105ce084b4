"""Shell scripts: bash -n, shellcheck, bats. A project's own .shellcheckrc is respected."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.parsers.shellcheck import shellcheck
from qlp.validation.parsers.tap import tap
from qlp.validation.project import Project
from qlp.validation.toolchains._own import dotted, has_shebang, lintable, own_check, planned, test_commands, versions
from qlp.validation.toolchains._support import support

_SHELLS = ("bash", "sh", "dash", "ksh")
_SHELLCHECK = ("shellcheck", "--format", "json1", "--severity", "info")


def shell_files(project: Project) -> tuple[str, ...]:
    """By suffix, or by their first line where they have none."""
    named = set(project.of((".sh", ".bash")))
    bare = (p for p, t in project.text.items() if "." not in p.rsplit("/", 1)[-1] and has_shebang(t, *_SHELLS))
    return tuple(sorted({*named, *bare}))


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = shell_files(project)
    tests = project.of((".bats",))
    if not sources and not tests:
        return {}
    readable = lintable(project, (*sources, *tests))
    told = [p for p in readable if project.text[p].startswith("#!") or "shellcheck shell=" in project.text[p][:500]]
    told += [p for p in readable if p.endswith(".bats") and p not in told]
    untold = [p for p in readable if p not in told]
    style = [
        Check("shellcheck", Command(argv=(*_SHELLCHECK, *more), wall_s=120), shellcheck, paths=dotted(group))
        for more, group in (((), told), (("--shell", "bash"), untold))
        if group
    ]
    checks = []
    for test in test_commands(project.contract):
        bats = test.argv[0] == "bats"
        argv = ("bats", "--tap", *(a for a in test.argv[1:] if a != "--tap")) if bats else test.argv
        parse = tap("bats") if bats else readings.exit_code("tests")
        checks.append(Check("bats" if bats else test.argv[0], Command(argv=argv, env=dict(test.env)), parse))
    return planned(
        {
            "syntax": (own_check("script_syntax.py", "bash", sources, tool="bash"),) if sources else (),
            "style": tuple(style) or Skip("no shell script could be read"),
            "types": Skip("shell scripts declare no types", applicable=False),
            "tests": tuple(checks) or Skip("no test was given or generated"),
        }
    )


BASH = Toolchain(
    name="bash",
    profile="scripts",
    languages=("bash",),
    plan=_plan,
    versions=versions(
        'echo bash "${BASH_VERSION:-$(bash -c "echo \\$BASH_VERSION")}"; '
        "echo shellcheck $(shellcheck --version | sed -n 's/^version: //p'); "
        "echo bats $(bats --version | cut -d' ' -f2)"
    ),
    support=support("qlp_report.py", "script_syntax.py"),
    trees={".sh": "bash", ".bash": "bash", ".bats": "bash"},
)
