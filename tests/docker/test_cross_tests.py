"""Candidates without a given test, ranked by tests that somebody else wrote: run by the real validator."""

from __future__ import annotations

from pathlib import Path

import pytest

from qlp.agents.fallback_plan import fallback_plan
from qlp.config import ModelSettings
from qlp.models import Analysis, ProjectSpec, Request
from qlp.pipeline.candidates import draw_candidates
from qlp.pipeline.runtime import TaskInput
from qlp.pipeline.task_context import Before, TaskContext
from tests.support.platform import Platform, settings_for
from tests.support.replay_runtime import ReplayRuntime
from tests.support.scripted_server import Reply, ScriptedServer
from tests.support.task_flow import adder, block

pytestmark = pytest.mark.docker
REQUEST = Request(text="A library with add(a, b) and twice(a) for whole numbers")
ANALYSIS = Analysis(spec=ProjectSpec(name="adder", kind="library", language="python", summary="s"))
SOURCE = "def add(a: int, b: int) -> int:\n    return {}\n\n\ndef twice(a: int) -> int:\n    return {}\n"
POOR, GOOD, ALIKE = (SOURCE.format(*e) for e in (("a - b", "a + a"), ("a + b", "a + a"), ("b + a", "2 * a")))
TESTS = block(
    "test_cross_written.py",
    "from adder import add, twice\n\n\ndef test_add() -> None:\n    assert add(2, 3) == 5\n\n\n"
    "def test_zero() -> None:\n    assert add(0, 0) == 0\n\n\ndef test_twice() -> None:\n    assert twice(4) == 8\n",
)


async def test_the_behaviour_that_agrees_with_the_tests_wins(tmp_path: Path) -> None:
    replies = [Reply(text=adder(POOR)), Reply(text=TESTS), Reply(texts=[adder(GOOD), adder(ALIKE)])]
    with ScriptedServer(replies) as server:
        settings = settings_for(tmp_path, models=ModelSettings(base_url=server.url, n=3))
        made = await Platform.open(settings)
        plan = fallback_plan(REQUEST, ANALYSIS, generator="model:local:scripted")
        task = TaskInput(run_id="run_1", request=REQUEST, analysis=ANALYSIS, plan=plan, task_id="code")
        runtime = ReplayRuntime()
        context = TaskContext(runtime, made.services, task, ())
        tried = await draw_candidates(context, "t2", 0, Before())
    assert tried.accepted
    assert tried.files[0].content in (GOOD, ALIKE)
    (record,) = tried.records
    assert record.chosen_by.startswith("cross-written tests")
    assert record.samples == 3
    poor = runtime.recorded["cross:0:0"].decode()
    assert '"passed":2' in poor
    assert "test_add" in poor, "the validator's findings name what failed"
    assert '"passed":3' in runtime.recorded["cross:0:1"].decode()
