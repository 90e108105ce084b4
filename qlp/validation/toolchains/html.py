"""Pages: html-validate with the rules that find defects, links between the project's files. Templates are skipped."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.validation.check import Skip, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.toolchains._own import lintable, own_check, planned, versions
from qlp.validation.toolchains._support import support
from qlp.validation.toolchains.css import NODE, VERSIONS


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = tuple(p for p in project.of((".html", ".htm", ".xhtml")) if "node_modules/" not in p)
    if not sources:
        return {}
    program = "html_check.cjs"
    return planned(
        {
            "syntax": (own_check(program, "syntax", sources, tool="html-validate", interpreter=NODE),),
            "style": (own_check(program, "style", lintable(project, sources), tool="html-validate", interpreter=NODE),),
            "types": Skip("pages declare no types", applicable=False),
            "security": (own_check(program, "security", sources, interpreter=NODE),),
            "tests": Skip("pages have no tests of their own", applicable=False),
        }
    )


HTML = Toolchain(
    name="html",
    profile="node",
    languages=("html",),
    plan=_plan,
    versions=versions(VERSIONS, "html_check.cjs"),
    support=support("web_report.cjs", "html_check.cjs"),
    trees={".html": "html", ".htm": "html"},
)
