"""Variants of a prompt on a task set: what is counted, and when a difference is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qlp.agents.prompts import Prompt, load, load_variant
from qlp.config import ModelSettings
from qlp.errors import BudgetExceededError, InputError, ProviderUnavailableError
from qlp.evaluation import EvalTask, Trial, compare, load_tasks, run_trials, score
from qlp.evaluation.compare import mcnemar, wilson
from qlp.models import InterfaceContract, SourceFile, StageResult, Verdict
from tests.support.scripted_provider import Answer, ScriptedProvider

pytestmark = pytest.mark.unit
TASK = EvalTask(id="one", request="Write f", tests={"test_a.py": "from a import f\n"})
OTHER = TASK.model_copy(update={"id": "two"})


def block(content: str) -> str:
    return f"```python path=a.py\n{content}\n```"


async def judge(files: tuple[SourceFile, ...], contract: InterfaceContract) -> Verdict:
    assert [f.path for f in files] == ["a.py", "test_a.py"]
    good = "RIGHT" in files[0].content
    return Verdict(input_digest="", stages=(StageResult(stage="tests", status="passed"),), verified=good)


async def run(*answers: Answer, tasks: tuple[EvalTask, ...] = (TASK,), **variants: Prompt) -> tuple[Trial, ...]:
    named = variants or {"implementer": load("implementer")}
    model = ScriptedProvider(*answers)
    return await run_trials(named, tasks, model, judge, settings=ModelSettings(), key="k")


async def test_an_answer_passes_by_its_tests() -> None:
    trials = await run(block("RIGHT"), block("WRONG"), tasks=(TASK, OTHER))
    assert [(t.task, t.outcome) for t in trials] == [("one", "passed"), ("two", "failed")]
    assert trials[0].prompt.startswith("implementer@")
    assert trials[0].usage.calls == 1


async def test_variants_take_turns_on_the_same_task() -> None:
    trials = await run(block("RIGHT"), block("WRONG"), a=load("implementer"), b=load("implementer-stepwise"))
    assert [(t.variant, t.outcome) for t in trials] == [("a", "passed"), ("b", "failed")]


async def test_what_is_no_answer_is_told_apart() -> None:
    trials = await run("no code", ProviderUnavailableError("gone"), tasks=(TASK, OTHER))
    assert [t.outcome for t in trials] == ["malformed", "error"]
    assert score("implementer", trials).errors == 1


async def test_a_used_up_budget_ends_it() -> None:
    with pytest.raises(BudgetExceededError):
        await run(BudgetExceededError("used up"), block("x"), block("x"), tasks=(TASK, OTHER))


async def test_a_prompt_that_is_for_something_else_is_refused() -> None:
    with pytest.raises(InputError, match="planner"):
        await run(block("x"), planner=load("planner"))


async def test_bare_models_have_no_prompt_to_compare() -> None:
    with pytest.raises(InputError, match="bare"):
        await run_trials({}, [TASK], ScriptedProvider(), judge, settings=ModelSettings(prompt_style="bare"), key="k")


def trials(variant: str, *passed: bool) -> list[Trial]:
    return [
        Trial(variant=variant, prompt="p", task=str(i), repetition=0, outcome="passed" if p else "failed")
        for i, p in enumerate(passed)
    ]


def test_the_pass_rate_has_an_interval() -> None:
    made = score("a", trials("a", *[True] * 8, *[False] * 2))
    assert (made.rate, made.passed, made.trials) == (0.8, 8, 10)
    assert (round(made.low, 3), round(made.high, 3)) == (0.490, 0.943)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == pytest.approx(1.0)


def test_only_tasks_on_which_they_differ_count() -> None:
    both = trials("a", *[True] * 20) + trials("b", *[True] * 10, *[False] * 10)
    made = compare("a", "b", both)
    assert (made.only_first, made.only_second) == (10, 0)
    assert made.p_value == pytest.approx(2 / 1024)
    assert made.says == "a is better"
    assert compare("a", "a", both).p_value == 1.0
    assert mcnemar(3, 2) == 1.0


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '[{"id": "a"}]', '[{"id": "a", "request": "r", "tests": {}}]', json.dumps([1])]
)
def test_a_bad_task_set_says_what_is_wrong(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tasks.json"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match="task set"):
        load_tasks(file)


def test_two_tasks_of_one_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps([TASK.model_dump()] * 2), "utf-8")
    with pytest.raises(InputError, match="id of its own"):
        load_tasks(file)


def test_the_packaged_tasks_are_functions() -> None:
    from qlp.evaluation.trials import plan_of

    assert len(load_tasks()) >= 10
    for task in load_tasks():
        assert len(plan_of(task).files_of("code")) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("missing.j2", None),
        ("plain.txt", "x"),
        ("head.j2", "no header"),
        ("blocks.j2", "{# qlp-prompt name=blocks version=1 #}\n{% block system %}{% endblock %}"),
        ("broken.j2", "{# qlp-prompt name=broken version=1 #}\n{% block system %}"),
    ],
)
def test_a_prompt_of_ones_own_that_cannot_be_used_says_why(tmp_path: Path, name: str, text: str | None) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text, "utf-8")
    with pytest.raises(InputError):
        load_variant(str(file))
