"""The rules of a plan, whoever made it."""

from __future__ import annotations

import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter

from qlp.agents.commands import MANIFESTS
from qlp.agents.fences import MAX_FILES
from qlp.agents.paths import clean_path
from qlp.models import Plan
from qlp.models.plan import USER_TESTS

MAX_TASKS = 40
_ID = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")


def check_plan(plan: Plan) -> list[str]:
    """What is wrong, one sentence each; empty if the plan can be executed."""
    return [*_tasks(plan), *_files(plan), *_names(plan), *_commands(plan)]


def _tasks(plan: Plan) -> list[str]:
    ids = [task.id for task in plan.tasks]
    problems = [f"task id {i!r} is used {n} times" for i, n in Counter(ids).items() if n > 1]
    problems += [f"task id {i!r} is not kebab-case" for i in ids if not _ID.fullmatch(i)]
    if len(ids) > MAX_TASKS:
        problems.append(f"{len(ids)} tasks, at most {MAX_TASKS} are possible")
    for task in plan.tasks:
        problems += [f"task {task.id} depends on {d!r}, which does not exist" for d in task.depends_on if d not in ids]
    try:
        TopologicalSorter({t.id: set(t.depends_on) & set(ids) for t in plan.tasks}).prepare()
    except CycleError as error:
        problems.append("tasks depend on each other in a circle: " + " -> ".join(error.args[1]))
    kinds = {task.kind for task in plan.tasks}
    problems += [f"there is no {kind} task" for kind in ("code", "test") if kind not in kinds]
    code = {task.id for task in plan.tasks if task.kind == "code"}
    for task in plan.tasks:
        if task.kind == "test" and task.id != USER_TESTS and code and not code & _ancestors(plan, task.id):
            problems.append(f"test task {task.id} depends on no code task, so it cannot see what it tests")
    return problems


def _ancestors(plan: Plan, task_id: str) -> set[str]:
    edges = {task.id: task.depends_on for task in plan.tasks}
    seen: set[str] = set()
    waiting = list(edges.get(task_id, ()))
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += edges.get(current, ())
    return seen


def _files(plan: Plan) -> list[str]:
    ids = {task.id for task in plan.tasks}
    files = plan.contract.files
    problems = [f"file path {f.path!r} is not a plain relative path" for f in files if clean_path(f.path) != f.path]
    owners = Counter(f.path for f in files)
    problems += [f"file {path} has {n} owners, it needs exactly one" for path, n in owners.items() if n > 1]
    folded = Counter(path.lower() for path in owners)
    problems += [f"file {path} differs from another only by case" for path in owners if folded[path.lower()] > 1]
    folders = {path.rsplit("/", i)[0] for path in owners for i in range(1, path.count("/") + 1)}
    problems += [f"{path} is both a file and a folder" for path in owners if path in folders]
    problems += [f"file {f.path} belongs to task {f.task!r}, which does not exist" for f in files if f.task not in ids]
    problems += [f"task {t.id} owns no file" for t in plan.tasks if not plan.files_of(t.id)]
    if len(files) > MAX_FILES:
        problems.append(f"{len(files)} files, at most {MAX_FILES} are possible")
    return problems


def _names(plan: Plan) -> list[str]:
    paths = {f.path for f in plan.contract.files}
    return [
        f"name {n.name} is promised in {n.file}, which is not a file of the project"
        for n in plan.contract.names
        if n.file not in paths
    ]


def _commands(plan: Plan) -> list[str]:
    contract = plan.contract
    problems = [
        f"the {c.purpose} command is empty or not a list of words"
        for c in contract.commands
        if not c.argv or any(not word or "\0" in word for word in c.argv)
    ]
    purposes = Counter(c.purpose for c in contract.commands)
    problems += [f"there are {n} {purpose} commands" for purpose, n in purposes.items() if n > 1]
    required = {"test"}
    if contract.kind == "rest_api" or contract.port is not None or contract.routes:
        required.add("start")
        if contract.port is None:
            problems.append("a service needs a port")
    elif contract.kind in ("cli", "data_pipeline"):
        required.add("run")
    problems += [f"there is no {purpose} command" for purpose in sorted(required) if purpose not in purposes]
    problems += [f"route path {r.path!r} does not start with /" for r in contract.routes if not r.path.startswith("/")]
    manifest = MANIFESTS[contract.language]
    if "install" in purposes and not {manifest, "pyproject.toml"} & {f.path for f in contract.files}:
        problems.append(f"there is an install command and no {manifest}")
    return problems
