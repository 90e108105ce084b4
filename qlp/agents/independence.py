"""Tests by somebody else than the code's author: what their author sees, and whether it stayed that way."""

from __future__ import annotations

from collections.abc import Iterable

from qlp.agents.outline import outlines
from qlp.models import Plan, SourceFile, TaskResult
from qlp.models.plan import USER_TESTS


def for_tester(plan: Plan, upstream: tuple[TaskResult, ...]) -> tuple[tuple[TaskResult, ...], tuple[SourceFile, ...]]:
    """What the author of tests may see of finished tasks: no code; of the code its declarations alone."""
    code = {task.id for task in plan.tasks if task.kind == "code"}
    seen = tuple(result for result in upstream if result.task_id not in code)
    hidden = [file for result in upstream if result.task_id in code for file in result.files]
    return seen, outlines(hidden, plan.contract.language)


def tests_independent(plan: Plan, results: Iterable[TaskResult]) -> bool | None:
    """Whether no author of the plan's tests saw the implementation: the user's tests are independent by nature.

    None where there are no tests by a model or a user, or where it is not known (a blueprint brings code and tests).
    """
    kinds = {task.id: task.kind for task in plan.tasks}
    known: list[bool] = []
    for result in results:
        if kinds.get(result.task_id) != "test":
            continue
        if result.task_id == USER_TESTS:
            known.append(True)
            continue
        accepted = [a for a in result.attempts if a.outcome == "accepted" and a.prompt]
        if not accepted or accepted[-1].independent is None:
            return None
        # a repair that saw output bends the tests towards the code, whatever came before it
        known.append(all(a.independent is not False for a in result.attempts))
    return all(known) if known else None
