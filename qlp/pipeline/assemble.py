"""Puts the tasks' files together; checks that the plan was kept."""

from __future__ import annotations

from collections.abc import Iterable

from qlp.errors import PlanError
from qlp.models import Plan, Request, SourceFile, TaskResult


def given_tests(request: Request) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(path=p, content=c) for p, c in sorted(request.tests.items()))


def assemble(results: Iterable[TaskResult]) -> tuple[SourceFile, ...]:
    """All files, sorted by path. Raises PlanError when two tasks made the same file."""
    owner: dict[str, str] = {}
    files: list[SourceFile] = []
    for result in results:
        for file in result.files:
            if file.path in owner:
                raise PlanError(f"{file.path} was made by both {owner[file.path]} and {result.task_id}")
            owner[file.path] = result.task_id
            files.append(file)
    return tuple(sorted(files, key=lambda f: f.path))


def broken_promises(plan: Plan, task_id: str, files: Iterable[SourceFile]) -> tuple[str, ...]:
    """What the contract promised of this task and its files do not hold: missing files and missing names."""
    made = {f.path: f.content for f in files}
    problems = [f"{f.path} is missing" for f in plan.files_of(task_id) if f.path not in made]
    problems += [
        f"{name.file} does not define {name.name}"
        for name in plan.contract.names
        if name.file in made and name.name not in made[name.file]
    ]
    return tuple(problems)


def topological(plan: Plan) -> tuple[str, ...]:
    """Task ids so that each follows its dependencies. Raises PlanError for a cycle or an unknown dependency."""
    waiting = {t.id: set(t.depends_on) for t in plan.tasks}
    unknown = sorted({d for deps in waiting.values() for d in deps} - set(waiting))
    if unknown:
        raise PlanError(f"tasks depend on unknown tasks: {', '.join(unknown)}")
    order: list[str] = []
    while waiting:
        ready = [t for t, deps in waiting.items() if not deps - set(order)]
        if not ready:
            raise PlanError(f"tasks wait for each other: {', '.join(sorted(waiting))}")
        for task in ready:
            order.append(task)
            del waiting[task]
    return tuple(order)
