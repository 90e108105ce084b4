"""Tests are written without sight of the code, and the record says whether it stayed that way."""

from __future__ import annotations

import pytest

from qlp.agents.fallback_plan import fallback_plan
from qlp.agents.independence import tests_independent as independent
from qlp.agents.outline import outline
from qlp.agents.task_prompt import task_messages
from qlp.models import Analysis, Attempt, ProjectSpec, Request, SourceFile, TaskResult
from qlp.models.request import ProjectLanguage
from qlp.pipeline.runtime import TaskInput

pytestmark = pytest.mark.unit
ANALYSIS = Analysis(spec=ProjectSpec(name="shop", kind="library", language="python", summary="s"))
REQUEST = Request(text="a library that adds")
PLAN = fallback_plan(REQUEST, ANALYSIS)
CODE = 'LIMIT: int = 7\n\n\ndef add(a: int, b: int) -> int:\n    """Sum."""\n    secret_trick = a - -b\n    return secret_trick\n'


def done(task: str, content: str, *attempts: Attempt) -> TaskResult:
    path = next(f.path for f in PLAN.files_of(task))
    return TaskResult(task_id=task, files=(SourceFile(path=path, content=content),), attempts=attempts)


def test_the_tester_sees_declarations_and_no_bodies() -> None:
    task = TaskInput(run_id="r", request=REQUEST, analysis=ANALYSIS, plan=PLAN, task_id="test")
    system, user = task_messages(task, (done("code", CODE),))
    text = system.content + user.content
    assert "def add(a: int, b: int) -> int" in text
    assert "secret_trick" not in text
    assert "= 7" not in text
    docs = task.model_copy(update={"task_id": "docs"})
    assert "secret_trick" in task_messages(docs, (done("code", CODE),))[1].content


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("python", "class A:\n    def f(self): return 42\n    def _g(self): pass\n", "class A:\n    def f(self):"),
        ("python", "X = 'secret'\nasync def f():\n    pass\n", "X\nasync def f():"),
        ("typescript", "export function f(a: number): number { return 42 }\nconst x = 1\n", "export function f(a: number): number"),
        ("javascript", "export const f = (a) => 42\n", "export const f = (a)"),
        ("go", "package p\n\nfunc Add(a, b int) int { return 42 }\nfunc hidden() {}\n", "package p\nfunc Add(a, b int) int"),
        ("ruby", "def f\nend\n", ""),
    ],
)  # fmt: skip
def test_outlines(language: ProjectLanguage, code: str, expected: str) -> None:
    found = outline(SourceFile(path="x", content=code), language)
    assert found == expected
    assert "42" not in found


def attempt(outcome: str, independent: bool | None) -> Attempt:
    return Attempt(tier="t1", model="m", prompt="tester@1", outcome=outcome, independent=independent)  # type: ignore[arg-type]


def test_a_repair_that_saw_output_makes_tests_dependent() -> None:
    code = done("code", CODE)
    assert independent(PLAN, [code, done("test", "", attempt("accepted", True))]) is True
    bent = done("test", "", attempt("rejected", True), attempt("accepted", False))
    assert independent(PLAN, [code, bent]) is False
    assert independent(PLAN, [code, done("test", "", attempt("accepted", None))]) is None
    assert independent(PLAN, [code]) is None
    given = Request(text="x", tests={"test_x.py": "from shop import add\n"})
    plan = fallback_plan(given, ANALYSIS)
    result = TaskResult(task_id="user-tests", files=(), attempts=())
    assert independent(plan, [result]) is True
