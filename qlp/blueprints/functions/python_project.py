"""The catalogue's Python projects: a typed package with one module per entry."""

from __future__ import annotations

import re
from functools import partial

from qlp.blueprints.functions.catalogue import Entry
from qlp.blueprints.functions.project import File, Layout, Project
from qlp.models import ProjectCommand

INSTALL = ("python3", "-m", "pip", "install", "--no-index", "--disable-pip-version-check", "--no-warn-script-location")


def layout(project: Project) -> Layout:
    package = project.package
    modules = {entry.id: f"{package}/{entry.id}.py" for entry in project.entries}
    files = [
        File(
            f"{package}/__init__.py", "code", "exports every name", project.template("init", exports=_exports(project))
        ),
        File(f"{package}/__main__.py", "code", "demonstration", project.template("main", imports=_imports(project))),
        File(f"{package}/py.typed", "code", "marks the package as typed", lambda: ""),
        *(File(modules[e.id], "code", e.title, partial(e.source, "python")) for e in project.entries),
        File("tests/conftest.py", "test", "how properties are tested", project.template("conftest")),
        *(
            File(f"tests/test_{e.id}.py", "test", f"tests of {e.title}", partial(_test, project, e))
            for e in project.entries
        ),
        File("README.md", "docs", "how to use it", project.template("README.md", imports=_imports(project))),
        File("pyproject.toml", "config", "manifest and tool settings", project.template("pyproject.toml")),
        File("requirements-dev.txt", "config", "tools for tests and checks", project.template("requirements-dev.txt")),
        File(".gitignore", "config", "what version control leaves out", project.template("gitignore")),
        File("Dockerfile", "deployment", "image that runs the tests", project.template("Dockerfile")),
        File(".dockerignore", "deployment", "what the image build leaves out", project.template("dockerignore")),
        File(".github/workflows/ci.yml", "deployment", "checks on every push", project.template("ci.yml")),
    ]
    commands = (
        ProjectCommand(purpose="install", argv=(*INSTALL, "-r", "requirements-dev.txt")),
        ProjectCommand(purpose="test", argv=("python3", "-m", "pytest", "-q")),
        ProjectCommand(purpose="run", argv=("python3", "-m", package), expect_stdout=project.expected_output()),
    )
    return Layout(tuple(files), commands, modules)


def _test(project: Project, entry: Entry) -> str:
    return re.sub(
        r"^from functions import ", f"from {project.package} import ", entry.test("python"), flags=re.MULTILINE
    )


def _exported(entry: Entry) -> list[str]:
    return sorted((n.name for n in entry.names["python"]), key=_import_order)


def _import_order(name: str) -> tuple[bool, str]:
    """Classes before functions, as isort and ruff have it."""
    return name[0].islower(), name


def _imports(project: Project) -> list[tuple[str, list[str]]]:
    """(module, names that its example uses), in the order of import statements."""
    result = []
    for entry in sorted(project.entries, key=lambda e: e.id):
        code = "\n".join(entry.example["python"].code)
        result.append((entry.id, [name for name in _exported(entry) if re.search(rf"\b{name}\b", code)]))
    return result


def _exports(project: Project) -> dict[str, object]:
    """Import statements and the sorted `__all__`."""
    entries = sorted(project.entries, key=lambda e: e.id)
    return {
        "imports": [(entry.id, _exported(entry)) for entry in entries],
        "names": sorted((name for entry in entries for name in _exported(entry)), key=_import_order),
    }
