"""The optimiser: verified again, measured in turns, kept or dropped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from qlp.errors import InputError
from qlp.models import ProjectCommand, SourceFile, Stage
from qlp.pipeline.optimise import Optimised, optimise
from qlp.sandbox.protocol import Command, ExecResult
from tests.support.scripted_provider import ScriptedProvider
from tests.support.task_flow import flow

pytestmark = pytest.mark.unit
FILES = (SourceFile(path="adder.py", content="SLOW = 1\n"),)
BENCHMARK = ProjectCommand(purpose="run", argv=("bench",))
FAST = "```python path=adder.py\nFAST = 1\n```"


class Clock:
    """A backend whose command takes as long as the file in its folder says."""

    def __init__(self, **seconds: float) -> None:
        self.seconds = seconds
        self.order: list[str] = []

    @asynccontextmanager
    async def open(self, *_: Any, **__: Any) -> AsyncIterator[Clock]:
        self.files: dict[str, bytes] = {}
        yield self

    async def put(self, files: Mapping[str, bytes], **_: Any) -> None:
        self.files |= files

    async def run(self, command: Command) -> ExecResult:
        self.order.append(command.cwd)
        word = self.files[f"{command.cwd}/adder.py"].decode().split()[0]
        wall = self.seconds.get(word, -1)
        code = 0 if wall >= 0 else 1
        return ExecResult(exit_code=code, stdout=b"done", stderr=b"", wall_s=wall, cpu_s=0, max_rss_bytes=0)


def fine(content: Mapping[str, str], stages: tuple[Stage, ...]) -> list[str] | None:
    return ["broken"] if "BROKEN" in content["adder.py"] else []


async def run(clock: Clock, answer: str) -> Optimised:
    context, services = flow({"t2": ScriptedProvider(answer)}, fine)
    services.sandbox = clock  # type: ignore[assignment]
    plan = context.task.plan
    contract = plan.contract.model_copy(update={"commands": ()})
    plan = plan.model_copy(update={"contract": contract})
    return await optimise(context.runtime, context.services, context.task.request, plan, FILES, BENCHMARK)


async def test_a_faster_version_is_kept() -> None:
    clock = Clock(SLOW=2.0, FAST=1.0)
    made = await run(clock, FAST)
    assert made.kept
    assert made.files[0].content == "FAST = 1\n"
    assert made.measured.ratio == 0.5
    assert clock.order == ["old", *["old", "new"] * 5], "they take turns"


@pytest.mark.parametrize(
    ("clock", "answer", "why"),
    [
        (Clock(SLOW=1.0, FAST=1.0), FAST, "not faster"),
        (Clock(SLOW=1.0), FAST, "exit code 1"),
        (Clock(SLOW=1.0), FAST.replace("FAST", "BROKEN"), "not verified"),
        (Clock(SLOW=1.0), "It is as fast as can be.", "as fast as can be"),
        (Clock(SLOW=1.0), "```python path=adder.py\nSLOW = 1\n```", "nothing was proposed"),
    ],
)
async def test_everything_else_leaves_the_project(clock: Clock, answer: str, why: str) -> None:
    made = await run(clock, answer)
    assert not made.kept
    assert made.files == FILES
    assert why in made.reason


async def test_a_benchmark_that_does_not_run_is_refused_before_a_model_is_asked() -> None:
    with pytest.raises(InputError, match="does not run"):
        await run(Clock(), FAST)
