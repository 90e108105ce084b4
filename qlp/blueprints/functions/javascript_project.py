"""The catalogue's JavaScript projects: plain ES modules with JSDoc types, no runtime dependency."""

from __future__ import annotations

import re
from functools import partial

from qlp.blueprints.functions.catalogue import Entry
from qlp.blueprints.functions.project import File, Layout, Project
from qlp.models import ProjectCommand


def layout(project: Project) -> Layout:
    modules = {entry.id: f"src/{_kebab(entry)}.js" for entry in project.entries}
    used = {entry.id: _used(entry) for entry in project.entries}
    files = [
        File("src/index.js", "code", "exports every name", project.template("index.js", kebab=_kebab)),
        *(File(modules[e.id], "code", e.title, partial(e.source, "javascript")) for e in project.entries),
        File("examples/demo.js", "code", "demonstration", project.template("demo.js", used=used)),
        *(File(f"test/{_kebab(e)}.test.js", "test", f"tests of {e.title}", partial(_test, e)) for e in project.entries),
        File("README.md", "docs", "how to use it", project.template("README.md", used=used)),
        File("package.json", "config", "manifest", project.template("package.json")),
        File(".gitignore", "config", "what version control leaves out", project.template("gitignore")),
        File("Dockerfile", "deployment", "image that runs the tests", project.template("Dockerfile")),
        File(".dockerignore", "deployment", "what the image build leaves out", project.template("dockerignore")),
        File(".github/workflows/ci.yml", "deployment", "checks on every push", project.template("ci.yml")),
    ]
    commands = (
        ProjectCommand(purpose="install", argv=("qlp-node-install",)),
        ProjectCommand(purpose="test", argv=("node", "--test")),
        ProjectCommand(purpose="run", argv=("node", "examples/demo.js"), expect_stdout=project.expected_output()),
    )
    return Layout(tuple(files), commands, modules)


def _kebab(entry: Entry) -> str:
    return entry.id.replace("_", "-")


def _test(entry: Entry) -> str:
    return entry.test("javascript").replace('from "./javascript.mjs"', 'from "../src/index.js"')


def _used(entry: Entry) -> list[str]:
    """Names that the entry's example uses."""
    code = "\n".join(entry.example["javascript"].code)
    return [n.name for n in entry.names["javascript"] if re.search(rf"\b{n.name}\b", code)]
