"""Terraform: tree-sitter for syntax, our own checks of names, arguments and what is opened to the world."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.validation.check import Skip, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.toolchains._own import own_check, planned, versions
from qlp.validation.toolchains._support import support

_SUPPORT = (
    "qlp_report.py", "qlp_tree.py", "qlp_hcl.py", "qlp_terraform.py", "qlp_terraform_security.py", "terraform_check.py",
    "terraform_rules.json",
)  # fmt: skip
_VERSIONS = """
import importlib.metadata as m
for name in ("tree-sitter", "tree-sitter-language-pack"): print(name, m.version(name))
"""


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    every = project.of((".tf", ".tfvars", ".hcl"))
    sources = tuple(p for p in every if not p.endswith(".terraform.lock.hcl") and "/.terraform/" not in f"/{p}")
    if not sources:
        return {}
    program = "terraform_check.py"
    code = tuple(p for p in sources if p.endswith(".tf"))
    plans: dict[Stage, StagePlan] = {
        "syntax": (own_check(program, "syntax", sources, tool="tree-sitter-language-pack"),),
        "tests": Skip("plans cannot be made without providers, which are fetched from a registry", applicable=False),
    }
    if code:
        for stage in ("style", "types", "security"):
            plans[stage] = (own_check(program, stage, code),)
    return planned(plans)


TERRAFORM = Toolchain(
    name="terraform",
    profile="analysis",
    languages=("terraform",),
    plan=_plan,
    versions=versions(f"python3 -c '{_VERSIONS}'", "terraform_check.py"),
    support=support(*_SUPPORT),
    trees={".tf": "terraform"},
)
