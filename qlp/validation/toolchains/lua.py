"""Lua 5.4: its compiler, names that nothing defines, test scripts by their exit code."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.toolchains._own import own_check, planned, test_commands, versions
from qlp.validation.toolchains._support import support

_LUA = ("lua5.4",)


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = project.of((".lua",))
    if not sources:
        return {}
    tests = tuple(
        Check("lua", Command(argv=c.argv, env=dict(c.env)), readings.exit_code("tests"))
        for c in test_commands(project.contract)
    )
    return planned(
        {
            "syntax": (own_check("lua_check.lua", "syntax", sources, tool="lua", interpreter=_LUA),),
            "style": (own_check("lua_check.lua", "style", sources, tool="lua", interpreter=_LUA),),
            "types": Skip("lua declares no types", applicable=False),
            "tests": tests or Skip("no test was given or generated"),
        }
    )


LUA = Toolchain(
    name="lua",
    profile="scripts",
    languages=("lua",),
    plan=_plan,
    versions=versions("echo lua $(lua5.4 -v | cut -d' ' -f2)"),
    support=support("lua_check.lua"),
    trees={".lua": "lua"},
)
