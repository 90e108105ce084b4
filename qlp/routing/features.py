"""What routing looks at: few and coarse features, so that outcomes of different runs speak about each other."""

from __future__ import annotations

import re
from typing import Literal

from qlp.models import Analysis, Plan, Request, Task
from qlp.models._base import Frozen
from qlp.routing.priors import Rules, rules

_WORD = re.compile(r"[a-z][a-z0-9_]{2,}")
_LEVELS = ("trivial", "simple", "medium", "complex", "meta")
_WORDS = 60
"""Different words of a request that are kept to find similar ones again."""

Size = Literal["small", "medium", "large"]


class Features(Frozen):
    """Of one task, or of a whole request while there is no plan yet."""

    language: str
    project_kind: str
    task_kind: str = "code"
    complexity: Literal["trivial", "simple", "medium", "complex", "meta"] = "simple"
    size: Size = "small"
    has_tests: bool = False
    """The user gave tests: the verdict is stricter, and a repair is told more."""
    ambiguity: int = 0
    """Assumptions that had to be made, and wishes that nothing understood."""
    repair: bool = False
    """The whole project failed verification before: there are files and findings to start from."""
    difficulty: int = 0
    """0 (trivial) to 4: the complexity, raised for a large or an ambiguous task."""
    words: tuple[str, ...] = ()
    """Of the request, sorted: what it has in common with past ones."""

    @property
    def cell(self) -> str:
        """Tasks that are expected to behave alike."""
        tests = "/tests" if self.has_tests else ""
        return f"{self.language}/{self.task_kind}/d{self.difficulty}{tests}"

    @property
    def coarse(self) -> str:
        return f"d{self.difficulty}"


def features_of(
    request: Request, analysis: Analysis, task: Task | None = None, plan: Plan | None = None, *, round: int = 0
) -> Features:
    """Pure. Without a task: of the request as a whole."""
    table = rules()
    complexity = task.complexity if task is not None else analysis.complexity
    size = _size(request, analysis, task, plan, table)
    ambiguity = len(analysis.assumptions) + len(analysis.unmet)
    harder = (size == "large") + (ambiguity >= table.ambiguous_from)
    return Features(
        language=plan.contract.language if plan is not None else request.language or analysis.spec.language,
        project_kind=analysis.spec.kind,
        task_kind=task.kind if task is not None else "code",
        complexity=complexity,
        size=size,
        has_tests=bool(request.tests),
        ambiguity=ambiguity,
        repair=round > 0,
        difficulty=min(_LEVELS.index(complexity) + harder, len(_LEVELS) - 1),
        words=words_of(request.text),
    )


def words_of(text: str) -> tuple[str, ...]:
    return tuple(sorted(set(_WORD.findall(text.lower())))[:_WORDS])


def similarity(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """Jaccard index of two requests' words, 0 to 1."""
    left, right = set(a), set(b)
    return len(left & right) / len(left | right) if left and right else 0.0


def _size(request: Request, analysis: Analysis, task: Task | None, plan: Plan | None, table: Rules) -> Size:
    if task is not None and plan is not None:
        files = len(plan.files_of(task.id))
        return "small" if files <= table.small_files else "medium" if files <= table.medium_files else "large"
    things = len(analysis.spec.entities) + len(analysis.spec.functions) + len(analysis.spec.commands)
    chars = len(request.text)
    if chars <= table.small_chars and things <= table.small_things:
        return "small"
    return "medium" if chars <= table.medium_chars and things <= table.medium_things else "large"
