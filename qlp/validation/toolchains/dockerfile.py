"""Dockerfiles: our own parser and rules, after the Dockerfile reference and hadolint."""

from __future__ import annotations

import re
from collections.abc import Mapping

from qlp.models import Stage
from qlp.validation.check import Skip, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.toolchains._own import own_check, planned, versions
from qlp.validation.toolchains._support import support

_NAME = re.compile(r"(?:^|/)(?:Dockerfile|Containerfile)(?:[.-][\w.-]+)?$|\.(?:dockerfile|Dockerfile)$")
_NOT = re.compile(r"\.(?:j2|tmpl|tpl|erb|md|dockerignore|in|jinja2?|template|hbs)$")


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = tuple(p for p in project.paths if _NAME.search(p) and not _NOT.search(p))
    if not sources:
        return {}
    program = "dockerfile_check.py"
    return planned(
        {
            "syntax": (own_check(program, "syntax", sources),),
            "style": (own_check(program, "style", project.ours(sources)),),
            "types": Skip("a Dockerfile declares no types", applicable=False),
            "security": (own_check(program, "security", sources),),
            "tests": Skip("a Dockerfile has no tests", applicable=False),
        }
    )


DOCKERFILE = Toolchain(
    name="dockerfile",
    profile="analysis",
    languages=("dockerfile",),
    plan=_plan,
    versions=versions("true", "dockerfile_check.py"),
    support=support("qlp_report.py", "qlp_dockerfile.py", "dockerfile_check.py"),
    trees={
        "Dockerfile": "dockerfile", "Containerfile": "dockerfile", "Dockerfile.*": "dockerfile",
        "Containerfile.*": "dockerfile", ".dockerfile": "dockerfile",
    },
)  # fmt: skip
