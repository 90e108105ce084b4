"""The plan for when no model could make one: one file of code, its tests, its README."""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

from qlp.agents.commands import MANIFESTS, project_commands
from qlp.agents.user_tests import imported_modules, public_names, user_test_files, user_tests_task
from qlp.models import (
    Analysis,
    ContractFile,
    InterfaceContract,
    Language,
    Plan,
    ProjectCommand,
    PublicName,
    Request,
    Route,
    Task,
)
from qlp.models.plan import USER_TESTS

PORT = 8000


class Layout(NamedTuple):
    """Where things are in a project of one language; `{name}` is the module's name."""

    service: str
    program: str
    module: str
    test: str
    run: tuple[str, ...]
    """Starts `service` or `program`; `{file}` is its path."""


_LAYOUTS: dict[Language, Layout] = {
    "python": Layout("app.py", "main.py", "{name}.py", "tests/test_{name}.py", ("python3", "{file}")),
    "javascript": Layout("server.mjs", "main.mjs", "{name}.mjs", "tests/{name}.test.mjs", ("node", "{file}")),
    "typescript": Layout(
        "server.ts", "main.ts", "{name}.ts", "tests/{name}.test.ts", ("node", "--import", "tsx", "{file}")
    ),
    "go": Layout("main.go", "main.go", "{name}.go", "{name}_test.go", ("go", "run", ".")),
}


def fallback_plan(request: Request, analysis: Analysis, *, generator: str = "model", reason: str = "") -> Plan:
    """Always valid. `reason` says why no better plan was made; it becomes an assumption that the user sees."""
    spec = analysis.spec
    layout = _LAYOUTS[spec.language]
    service = spec.kind == "rest_api"
    program = spec.kind in ("cli", "data_pipeline")
    code: list[str] = []
    names: tuple[PublicName, ...] = ()
    if request.tests:
        modules = imported_modules(request.tests, spec.language)
        code = [m.path for m in modules]
        names = tuple(name for m in modules for name in public_names(m))
    main = layout.service if service else layout.program if program else layout.module.format(name=_module(spec.name))
    if service or program or not code:
        code = list(dict.fromkeys([main, *code]))
    stem = code[0].rsplit("/", 1)[-1].rsplit(".", 1)[0]
    tests = [] if request.tests else [layout.test.format(name=stem)]
    manifest = MANIFESTS[spec.language]
    owned = [("code", path) for path in (*code, manifest) if path not in request.tests]
    owned += [("test", path) for path in tests]
    owned += [("docs", "README.md")] if "README.md" not in request.tests else []
    files = tuple(ContractFile(path=path, task=task) for task, path in owned)
    commands = list(project_commands(spec.language, [f.path for f in files], [*tests, *request.tests]))
    start = tuple(word.format(file=main) for word in layout.run)
    if service:
        commands.append(ProjectCommand(purpose="start", argv=start))
    elif program:
        commands.append(ProjectCommand(purpose="run", argv=(*start, "--help")))
    assumptions = ["The plan is the minimal one: code, tests and README."]
    if reason:
        assumptions.append(f"No plan by a model was usable: {reason}")
    return Plan(
        generator=generator,
        tasks=_tasks(request, analysis, code, docs=any(task == "docs" for task, _ in owned)),
        contract=InterfaceContract(
            project=spec.name,
            kind=spec.kind,
            language=spec.language,
            framework=spec.framework,
            files=(*files, *user_test_files(request)),
            names=names,
            routes=(Route(method="GET", path="/health"),) if service else (),
            commands=tuple(commands),
            port=PORT if service else None,
        ),
        assumptions=tuple(assumptions),
    )


def _tasks(request: Request, analysis: Analysis, code: list[str], *, docs: bool) -> tuple[Task, ...]:
    given = bool(request.tests)
    tasks = [
        Task(
            id="code",
            kind="code",
            title="Write " + ", ".join(code),
            instructions="Do what the request asks, whole.",
            complexity=analysis.complexity,
            depends_on=(USER_TESTS,) if given else (),
        )
    ]
    if given:
        tasks.insert(0, user_tests_task())
    else:
        tasks.append(Task(id="test", kind="test", title="Test the code", depends_on=("code",)))
    if docs:
        tasks.append(Task(id="docs", kind="docs", title="Write the README", depends_on=("code",)))
    return tuple(tasks)


def _module(name: str) -> str:
    """kebab-case project name -> importable module name that hides nothing of the standard library."""
    module = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "project"
    if module[0].isdigit() or module in sys.stdlib_module_names or module in ("tests", "test", "app", "main"):
        module = f"project_{module}"
    return module
