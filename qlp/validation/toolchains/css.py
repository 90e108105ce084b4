"""Style sheets: postcss for syntax, stylelint. A project's own stylelint configuration is respected."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.validation.check import Skip, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.toolchains._own import lintable, own_check, planned, versions
from qlp.validation.toolchains._support import support

NODE = ("node", "--stack-size=2000")
VERSIONS = (
    "for t in html-validate stylelint postcss; do echo $t "
    "$(node -p \"require('/opt/qlp/node/node_modules/$t/package.json').version\"); done"
)


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = tuple(p for p in project.of((".css",)) if "node_modules/" not in p and not p.endswith(".min.css"))
    if not sources:
        return {}
    program = "css_check.cjs"
    return planned(
        {
            "syntax": (own_check(program, "syntax", sources, tool="postcss", interpreter=NODE),),
            "style": (own_check(program, "style", lintable(project, sources), tool="stylelint", interpreter=NODE),),
            "types": Skip("style sheets declare no types", applicable=False),
            "security": (own_check(program, "security", sources, interpreter=NODE),),
            "tests": Skip("style sheets have no tests", applicable=False),
        }
    )


CSS = Toolchain(
    name="css",
    profile="node",
    languages=("css",),
    plan=_plan,
    versions=versions(VERSIONS, "css_check.cjs"),
    support=support("web_report.cjs", "css_check.cjs", "stylelint.config.cjs"),
    trees={".css": "css"},
)
