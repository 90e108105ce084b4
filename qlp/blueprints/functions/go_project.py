"""The catalogue's Go projects: one package at the root of the module, standard library only."""

from __future__ import annotations

import re
from functools import partial

from qlp.blueprints.functions.catalogue import Entry
from qlp.blueprints.functions.project import File, Layout, Project
from qlp.models import ProjectCommand

_PACKAGE = re.compile(r"^package functions$", re.MULTILINE)
_QUALIFIER = re.compile(r"\bfunctions\.")
_IMPORTABLE = ("errors", "fmt", "sort", "strconv", "strings", "time")
"""Standard packages that examples may use."""


def layout(project: Project) -> Layout:
    modules = {entry.id: f"{entry.id}.go" for entry in project.entries}
    examples = {entry.id: _example(project, entry) for entry in project.entries}
    imports = [name for name in _IMPORTABLE if any(re.search(rf"\b{name}\.", "\n".join(c)) for c in examples.values())]
    shown: dict[str, object] = {"examples": examples, "imports": imports}
    files = [
        File("doc.go", "code", "documentation of the package", project.template("doc.go")),
        *(File(modules[e.id], "code", e.title, partial(_go, project, e.source("go"))) for e in project.entries),
        File("cmd/demo/main.go", "code", "demonstration", project.template("main.go", **shown)),
        *(
            File(f"{e.id}_test.go", "test", f"tests of {e.title}", partial(_go, project, e.test("go")))
            for e in project.entries
        ),
        File("README.md", "docs", "how to use it", project.template("README.md", **shown)),
        File("go.mod", "config", "manifest", project.template("go.mod")),
        File(".gitignore", "config", "what version control leaves out", project.template("gitignore")),
        File("Dockerfile", "deployment", "image that runs the tests", project.template("Dockerfile")),
        File(".dockerignore", "deployment", "what the image build leaves out", project.template("dockerignore")),
        File(".github/workflows/ci.yml", "deployment", "checks on every push", project.template("ci.yml")),
    ]
    commands = (
        ProjectCommand(purpose="install", argv=("go", "mod", "verify")),
        ProjectCommand(purpose="build", argv=("go", "build", "./...")),
        ProjectCommand(purpose="test", argv=("go", "test", "./...")),
        ProjectCommand(purpose="run", argv=("go", "run", "./cmd/demo"), expect_stdout=project.expected_output()),
    )
    return Layout(tuple(files), commands, modules)


def _go(project: Project, source: str) -> str:
    return _PACKAGE.sub(f"package {project.package}", source, count=1)


def _example(project: Project, entry: Entry) -> list[str]:
    return [_QUALIFIER.sub(f"{project.package}.", line) for line in entry.example["go"].code]
