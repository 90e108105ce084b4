"""A model's plan, as it writes it, and its translation into a Plan."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qlp.agents.commands import project_commands
from qlp.agents.fences import MAX_FILES, read_blocks
from qlp.agents.paths import clean_path
from qlp.agents.plan_check import MAX_TASKS, check_plan
from qlp.agents.user_tests import user_test_files, user_tests_task
from qlp.models import (
    Analysis,
    ContractFile,
    InterfaceContract,
    Plan,
    ProjectCommand,
    ProjectKind,
    PublicName,
    Request,
    Route,
    Task,
)
from qlp.models.plan import USER_TESTS

_MOST_ERRORS = 12


class _Draft(BaseModel):
    """Models add keys of their own; those are ignored, the ones below are not. Nothing is of unbounded size."""

    model_config = ConfigDict(extra="ignore", str_max_length=8000)


class _DraftTask(_Draft):
    id: str
    kind: Literal["code", "test", "docs", "deployment", "config"]
    title: str
    instructions: str = ""
    complexity: Literal["trivial", "simple", "medium", "complex", "meta"] = "simple"
    depends_on: list[str] = []


class _DraftFile(_Draft):
    path: str
    task: str
    purpose: str = ""


class _DraftName(_Draft):
    file: str
    name: str
    kind: Literal["function", "class", "constant", "type"] = "function"
    signature: str = ""


class _DraftRoute(_Draft):
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    status: int = Field(default=200, ge=100, le=599)
    body: dict[str, object] | None = None
    headers: dict[str, str] = {}


class _DraftRun(_Draft):
    argv: list[str]
    expect_stdout: str = ""


class PlanDraft(_Draft):
    project: str = ""
    kind: ProjectKind = "unknown"
    framework: str | None = None
    tasks: list[_DraftTask] = Field(max_length=MAX_TASKS)
    files: list[_DraftFile] = Field(max_length=MAX_FILES)
    names: list[_DraftName] = Field(default=[], max_length=MAX_FILES)
    routes: list[_DraftRoute] = Field(default=[], max_length=MAX_TASKS)
    start: list[str] | None = None
    run: _DraftRun | None = None
    port: int | None = Field(default=None, ge=1024, le=65535)
    notes: str = ""
    assumptions: list[str] = Field(default=[], max_length=MAX_TASKS)


def read_plan(text: str, request: Request, analysis: Analysis, *, generator: str) -> Plan | list[str]:
    """The checked plan that an answer holds, or what is wrong with it, for the model to read."""
    data = _json_object(text)
    if data is None:
        return ["the answer holds no JSON object"]
    try:
        draft = PlanDraft.model_validate(data)
    except ValidationError as error:
        return [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:_MOST_ERRORS]]
    plan = _translate(draft, request, analysis, generator)
    return check_plan(plan)[:_MOST_ERRORS] or plan


def _json_object(text: str) -> dict[str, object] | None:
    """The first JSON object in a fenced block, else the first in the text."""
    blocks = ["\n".join(block.lines) for block in read_blocks(text)]
    decoder = json.JSONDecoder()
    for source in [*blocks, text]:
        start = source.find("{")
        try:
            value, _ = decoder.raw_decode(source, start) if start >= 0 else (None, 0)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None


def _translate(draft: PlanDraft, request: Request, analysis: Analysis, generator: str) -> Plan:
    """Commands of install, build and test are ours; tests given by the user come in under their own task."""
    spec = analysis.spec
    given = bool(request.tests)
    files = [
        ContractFile(path=clean_path(f.path) or f.path, task=f.task, purpose=f.purpose)
        for f in draft.files
        if f.task != USER_TESTS
    ]
    tasks = [
        Task(
            id=t.id,
            kind=t.kind,
            title=t.title,
            instructions=t.instructions,
            complexity=t.complexity,
            depends_on=tuple(dict.fromkeys(t.depends_on + ([USER_TESTS] if given and t.kind == "code" else []))),
        )
        for t in draft.tasks
        if t.id != USER_TESTS
    ]
    test_tasks = {t.id for t in tasks if t.kind == "test"}
    tests = [*request.tests, *(f.path for f in files if f.task in test_tasks)]
    commands = list(project_commands(spec.language, [f.path for f in files], tests))
    if draft.start:
        commands.append(ProjectCommand(purpose="start", argv=tuple(draft.start)))
    if draft.run:
        commands.append(
            ProjectCommand(purpose="run", argv=tuple(draft.run.argv), expect_stdout=draft.run.expect_stdout)
        )
    return Plan(
        generator=generator,
        tasks=(*([user_tests_task()] if given else []), *tasks),
        contract=InterfaceContract(
            project=spec.name,
            kind=spec.kind if spec.kind != "unknown" else draft.kind,
            language=spec.language,
            framework=spec.framework or draft.framework,
            files=(*files, *user_test_files(request)),
            names=tuple(PublicName.model_validate(n.model_dump()) for n in draft.names),
            routes=tuple(Route.model_validate(r.model_dump()) for r in draft.routes),
            commands=tuple(commands),
            port=draft.port,
            notes=draft.notes,
        ),
        assumptions=tuple(draft.assumptions),
    )
