"""Any other language: its syntax by tree-sitter. Tests run by commands that the user gives, in an image of theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files

from qlp.models import ProjectLanguage, Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.toolchains._own import own_check, planned, test_commands, versions
from qlp.validation.toolchains._support import support

GRAMMARS: dict[str, str] = {
    name: grammar
    for name, grammar in json.loads(
        files("qlp.validation.support").joinpath("grammars.json").read_text("utf-8")
    ).items()
    if not name.startswith("_")
}
_BESIDE = {
    "make",
    "cmake",
    "meson",
    "starlark",
    "xml",
    "vue",
    "svelte",
    "astro",
    "proto",
    "graphql",
    "prisma",
}
"""Written beside a program in another language: their files do not tell what a project is written in."""
_TREES: dict[str, ProjectLanguage] = {name: "other" for name, grammar in GRAMMARS.items() if grammar not in _BESIDE}
_MATLAB = ".m"
"""Objective-C or MATLAB: only the text tells."""


def _concerns(project: Project, path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    if "node_modules/" in path or "/vendor/" in f"/{path}":
        return False
    if path.endswith(_MATLAB):
        text = project.text.get(path, "")
        return "@interface" in text or "@implementation" in text or "#import" in text
    if path.endswith(".v"):
        return "endmodule" in project.text.get(path, "")
    if path.endswith((".d", ".cls", ".asm")):
        return False  # dependency lists, LaTeX classes, and assemblers that each have their own syntax
    return name in GRAMMARS or ("." in name and "." + name.rsplit(".", 1)[-1] in GRAMMARS)


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = tuple(p for p in project.paths if _concerns(project, p))
    main = project.contract.language == "other"
    if not sources and not main:
        return {}
    tests = tuple(
        Check(c.argv[0], Command(argv=c.argv, env=dict(c.env)), readings.exit_code("tests"))
        for c in test_commands(project.contract)
    )
    return planned(
        {
            "syntax": (own_check("tree_check.py", "syntax", sources, tool="tree-sitter-language-pack"),)
            if sources
            else (),
            "style": Skip("no linter for this language is in the sandbox images"),
            "types": Skip("no type checker for this language is in the sandbox images"),
            "tests": tests or Skip("no test command was given"),
        }
    )


_VERSIONS = """
import importlib.metadata as m
for name in ("tree-sitter", "tree-sitter-language-pack"): print(name, m.version(name))
"""

OTHER = Toolchain(
    name="other",
    profile="analysis",
    languages=("other",),
    plan=_plan,
    versions=versions(f"python3 -c '{_VERSIONS}'"),
    support=support("qlp_report.py", "qlp_tree.py", "tree_check.py", "grammars.json"),
    trees=_TREES,
)
