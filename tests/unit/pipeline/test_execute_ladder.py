"""Up the ladder: one shot, a repair, and the shell agent where a model is named for it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from qlp.config import TierSettings, TiersSettings
from qlp.errors import GenerationError
from qlp.models import Stage, TaskResult
from qlp.pipeline.execute import run_task
from qlp.pipeline.planning import calls_at_most
from tests.support.scripted_provider import ScriptedProvider
from tests.support.task_flow import FakeServices, adder, block, flow

pytestmark = pytest.mark.unit
SHELL = (
    block("adder.py", "<<<<<<< SEARCH\nWRONG = 2\n=======\nRIGHT = 1\n>>>>>>> REPLACE\n")
    + "```bash\nshow adder.py\n```",
    "```done\nyes\n```",
    '{"objections": []}',
)


def failing(content: Mapping[str, str], stages: tuple[Stage, ...]) -> list[str] | None:
    code = content["adder.py"]
    return [] if "RIGHT" in code else [f"test_{code.split()[2]}"]


async def climb(third: ScriptedProvider, *, named: bool) -> tuple[TaskResult, FakeServices]:
    one, two = ScriptedProvider(adder("WRONG = 1\n")), ScriptedProvider(adder("WRONG = 2\n"), adder("WRONG = 2\n"))
    context, services = flow({"t1": one, "t2": two, "t3": third}, failing, tests=True)
    if named:
        tiers = TiersSettings(t3=TierSettings(model="big"))
        services.settings = services.settings.model_copy(update={"tiers": tiers})

    async def upstream(task_id: str, round: int) -> TaskResult:
        return context.upstream[0]

    context.runtime.task_result = upstream  # type: ignore[method-assign]
    plan = context.task.plan
    tasks = tuple(t.model_copy(update={"depends_on": ("test",)}) if t.id == "code" else t for t in plan.tasks)
    task = context.task.model_copy(update={"plan": plan.model_copy(update={"tasks": tasks})})
    return await run_task(context.runtime, context.services, task), services


async def test_the_shell_agent_mends_what_two_tiers_could_not() -> None:
    third = ScriptedProvider(*SHELL)
    result, services = await climb(third, named=True)
    assert [(a.tier, a.outcome) for a in result.attempts] == [
        ("t1", "rejected"),
        ("t2", "rejected"),
        ("t3", "accepted"),
    ]
    assert result.files[0].content == "RIGHT = 1\n"
    assert "test_2" in third.asked[0][-1].content, "it is told what failed before"
    assert services.sandbox.seen[0][1]["adder.py"] == b"RIGHT = 1\n"


async def test_nobody_pays_for_a_shell_agent_that_was_not_asked_for() -> None:
    third = ScriptedProvider()
    with pytest.raises(GenerationError, match="3 attempts failed"):
        await climb(third, named=False)
    assert third.asked == []


def test_the_estimate_knows_waves_and_steps() -> None:
    _, services = flow({}, failing, n=10)
    assert calls_at_most(services.settings, "t1") == 4, "three waves, and one call for tests that rank"
    _, services = flow({}, failing, n=1)
    assert calls_at_most(services.settings, "t1") == 1
    assert calls_at_most(services.settings, "t3") == 41
