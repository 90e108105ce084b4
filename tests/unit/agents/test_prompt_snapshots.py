"""What each prompt says, word by word, for one fixed situation. A change of words shows in the review of the snapshots.

After a wanted change: QLP_UPDATE_SNAPSHOTS=1 pytest tests/unit/agents/test_prompt_snapshots.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qlp.agents.fallback_plan import fallback_plan
from qlp.agents.planner import plan_messages
from qlp.agents.prompts import PROMPTS, PromptName, load
from qlp.agents.shell.prompt import agent_messages
from qlp.agents.task_prompt import task_messages
from qlp.config import AgentSettings
from qlp.models import (
    Analysis,
    Finding,
    Plan,
    ProjectSpec,
    PublicName,
    Request,
    Route,
    SourceFile,
    StageResult,
    TaskResult,
)
from qlp.pipeline.runtime import TaskInput
from qlp.providers.protocol import Message

pytestmark = pytest.mark.unit
SNAPSHOTS = Path(__file__).parent / "snapshots"
REQUEST = Request(text="A shop API: items with name and price in cents")
ANALYSIS = Analysis(spec=ProjectSpec(name="shop", kind="rest_api", language="python", summary="a shop"))
BASE = fallback_plan(REQUEST, ANALYSIS, generator="model:test:m")
PLAN: Plan = BASE.model_copy(
    update={
        "contract": BASE.contract.model_copy(
            update={
                "names": (PublicName(file="app.py", name="app", kind="constant", signature="app: FastAPI"),),
                "routes": (Route(method="GET", path="/health"), Route(method="POST", path="/items", status=201)),
                "notes": "Prices are whole cents.",
            }
        )
    }
)
APP = SourceFile(path="app.py", content="from fastapi import FastAPI\n\napp = FastAPI()\n")
PATTERN = SourceFile(path="orders.py", content="def total(items: list[int]) -> int:\n    return sum(items)\n")
FINDING = Finding(rule="F821", severity="high", message="undefined name 'x'", file="app.py", line=7, fix="define x")
TAG = "data-00000000"


def written(task: str, **options: object) -> tuple[Message, ...]:
    given = TaskInput(run_id="r", request=REQUEST, analysis=ANALYSIS, plan=PLAN, task_id=task)
    upstream = () if task == "code" else (TaskResult(task_id="code", files=(APP,), attempts=()),)
    return task_messages(given, upstream, **options)  # type: ignore[arg-type]


def repaired(**options: object) -> tuple[Message, ...]:
    return written("code", feedback=(FINDING,), previous_files=(APP,), output="E   NameError: x", **options)


def opinion(name: PromptName) -> tuple[Message, ...]:
    return load(name).render(
        files=[APP],
        unshown=["data.csv"],
        requirements=REQUEST.text,
        stages=(StageResult(stage="tests", status="skipped", reason="no test was given"),),
        findings=(FINDING,),
        runner="python3 -m pytest tests/test_reproduction.py",
        language="python",
        example="tests/test_reproduction.py",
        tag=TAG,
    )


def change(name: PromptName, **context: object) -> tuple[Message, ...]:
    return load(name).render(
        files=[APP], unshown=[], language="python", example="app.py", output="it printed this", tag=TAG, **context
    )


RENDERED: dict[PromptName, Callable[[], tuple[Message, ...]]] = {
    "planner": lambda: plan_messages(load("planner"), REQUEST, ANALYSIS, ["task x owns no file"]),
    "architect": lambda: load("architect").render(
        request=REQUEST.text, tasks=PLAN.tasks, contract=PLAN.contract, tag=TAG
    ),
    "implementer": lambda: repaired(),
    "implementer-stepwise": lambda: written("code", prompt=load("implementer-stepwise"), patterns=(PATTERN,)),
    "tester": lambda: written("test"),
    "cross-tests": lambda: load("cross-tests").render(
        request=REQUEST.text,
        task=PLAN.task("code"),
        contract=PLAN.contract,
        upstream=[],
        unshown=[],
        count=8,
        path="test_cross_written.py",
        tag=TAG,
    ),
    "documenter": lambda: written("docs"),
    "shell": lambda: agent_messages(
        REQUEST,
        PLAN,
        PLAN.task("code"),
        AgentSettings(),
        upstream=(),
        present=("app.py",),
        findings=(FINDING,),
        output="E   NameError: x",
    ),
    "critic": lambda: load("critic").render(
        request=REQUEST.text,
        task=PLAN.task("code"),
        work=[APP],
        unshown=[],
        summary="All routes are there.",
        output="3 passed",
        tag=TAG,
    ),
    "optimiser": lambda: change("optimiser", command="python3 bench.py", seconds="1.25"),
    "ci-fixer": lambda: change("ci-fixer", job="tests (3.12)"),
    "opinion-logic": lambda: opinion("opinion-logic"),
    "opinion-requirements": lambda: opinion("opinion-requirements"),
    "opinion-review": lambda: opinion("opinion-review"),
    "opinion-security": lambda: opinion("opinion-security"),
}


def test_every_prompt_has_a_snapshot() -> None:
    assert set(RENDERED) == set(PROMPTS)
    if "QLP_UPDATE_SNAPSHOTS" not in os.environ:
        assert {p.stem for p in SNAPSHOTS.glob("*.txt")} == set(PROMPTS)


@pytest.mark.parametrize("name", PROMPTS)
def test_a_prompt_says_what_its_snapshot_says(name: PromptName) -> None:
    text = "\n".join(f"=== {m.role} ===\n{m.content}" for m in RENDERED[name]())
    file = SNAPSHOTS / f"{name}.txt"
    if "QLP_UPDATE_SNAPSHOTS" in os.environ:
        SNAPSHOTS.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text, "after a wanted change: see the head of this file"
