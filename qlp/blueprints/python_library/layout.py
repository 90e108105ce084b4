"""What every generated Python project has in common: a table of files, and the plan that follows from it.

A blueprint describes its project as a `Layout`; `plan_of` and `render_task` read nothing else, so that what is
promised and what is rendered come from one table.
"""

from __future__ import annotations

import keyword
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from qlp.blueprints.rendering import render
from qlp.errors import PlanError
from qlp.models import (
    Analysis,
    ContractFile,
    InterfaceContract,
    Plan,
    ProjectCommand,
    ProjectKind,
    PublicName,
    SourceFile,
    Task,
)

SHARED = "qlp.blueprints.python_library"
INSTALL = ("python3", "-m", "pip", "install", "--no-index", "--disable-pip-version-check", "--no-warn-script-location")
_TAKEN = frozenset({"tests", "test", "src", "data", "docs", "build", "dist", "pytest", "hypothesis", "ruff", "mypy"})


@dataclass(frozen=True)
class Part:
    """One file: where it goes, which task owns it, and the template (of which package) it comes from."""

    path: str
    task: str
    template: str
    purpose: str
    home: str = SHARED
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """A whole project before it is rendered."""

    generator: str
    project: str
    kind: ProjectKind
    parts: tuple[Part, ...]
    tasks: tuple[Task, ...]
    names: tuple[PublicName, ...]
    commands: tuple[ProjectCommand, ...]
    context: Mapping[str, object]
    notes: str = ""
    assumptions: tuple[str, ...] = ()


def package_name(project: str) -> str:
    """An importable name that shadows neither a keyword, the standard library nor a tool: `json` -> `json_app`."""
    name = re.sub(r"\W+", "_", project.lower(), flags=re.ASCII).strip("_") or "app"
    if name[0].isdigit():
        name = f"app_{name}"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in sys.stdlib_module_names or name in _TAKEN:
        name = f"{name}_app"
    return name


def project_name(project: str) -> str:
    """A distribution name: lower case, digits and hyphens."""
    return package_name(project).replace("_", "-")


def one_line(text: str, width: int = 88) -> str:
    """A sentence that is safe in a docstring, a TOML string and Markdown."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    plain = re.sub(r"[\\`<>\"]", "'", plain)
    plain = textwrap.shorten(plain, width=width - 1, placeholder="...").strip(" .'")
    return f"{plain[:1].upper()}{plain[1:]}." if plain else "A Python project."


def call(indent: int, function: str, arguments: list[str], *, tail: str = "", head: str = "") -> str:
    """A call as the formatter would break it at 100 columns; `head` precedes the function, `tail` follows it."""
    pad = " " * indent
    flat = f"{pad}{head}{function}({', '.join(arguments)}){tail}"
    if len(flat) <= 100:
        return flat
    inner = f"{pad}    {', '.join(arguments)}"
    if len(inner) <= 100:
        return f"{pad}{head}{function}(\n{inner}\n{pad}){tail}"
    body = "".join(f"{pad}    {a},\n" for a in arguments)
    return f"{pad}{head}{function}(\n{body}{pad}){tail}"


def import_line(module: str, names: Iterable[str]) -> str:
    """`from module import names` in the order and with the breaks that ruff asks for at 100 columns."""
    ordered = sorted(set(names), key=lambda n: (not (len(n) > 1 and n.isupper()), not n[0].isupper(), n))
    flat = f"from {module} import {', '.join(ordered)}"
    if len(flat) <= 100:
        return flat
    body = "".join(f"    {n},\n" for n in ordered)
    return f"from {module} import (\n{body})"


def standard_parts(package: str, *, src: bool) -> tuple[Part, ...]:
    """Manifest, container, CI and ignore files."""
    root = f"src/{package}" if src else package
    extra: dict[str, object] = {"src": src, "code_root": root}
    return (
        Part("pyproject.toml", "config", "project/pyproject.toml.j2", "manifest and tool settings", extra=extra),
        Part("requirements-dev.txt", "config", "project/requirements-dev.txt.j2", "tools for tests and checks"),
        Part(".gitignore", "config", "project/gitignore.j2", "what version control leaves out"),
        Part("Dockerfile", "deployment", "project/Dockerfile.j2", "image that runs as a plain user", extra=extra),
        Part(".dockerignore", "deployment", "project/dockerignore.j2", "what the image build leaves out"),
        Part(".github/workflows/ci.yml", "deployment", "project/ci.yml.j2", "checks on every push", extra=extra),
    )


def install_command() -> ProjectCommand:
    return ProjectCommand(purpose="install", argv=(*INSTALL, "-r", "requirements-dev.txt"))


def test_command() -> ProjectCommand:
    return ProjectCommand(purpose="test", argv=("python3", "-m", "pytest", "-q"))


def plan_of(layout: Layout) -> Plan:
    """The plan that this layout fulfils."""
    return Plan(
        generator=f"blueprint:{layout.generator}",
        tasks=layout.tasks,
        contract=InterfaceContract(
            project=layout.project,
            kind=layout.kind,
            language="python",
            files=tuple(ContractFile(path=p.path, task=p.task, purpose=p.purpose) for p in layout.parts),
            names=layout.names,
            commands=layout.commands,
            notes=layout.notes,
        ),
        assumptions=layout.assumptions,
    )


def render_task(layout: Layout, task_id: str) -> tuple[SourceFile, ...]:
    """Exactly the files that the layout gives to this task. Raises PlanError for a task that it does not have."""
    if task_id not in {t.id for t in layout.tasks}:
        raise PlanError(f"{layout.generator} has no task {task_id!r}", tasks=[t.id for t in layout.tasks])
    return tuple(
        SourceFile(path=p.path, content=render(p.home, p.template, **{**layout.context, "call": call, **p.extra}))
        for p in layout.parts
        if p.task == task_id
    )


def request_words(analysis: Analysis) -> tuple[str, ...]:
    """The request's words in order, lower case; the summary stands in where the analysis kept none."""
    words = analysis.words or tuple(re.findall(r"[A-Za-z0-9_]+", analysis.spec.summary))
    return tuple(w.lower() for w in words)
