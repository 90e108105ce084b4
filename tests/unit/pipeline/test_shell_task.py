"""Tier T3 as durable steps: a killed and restarted flow pays nothing twice and finds the same files again."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from qlp.models import SourceFile, Stage
from qlp.pipeline.shell_task import work_in_shell
from qlp.pipeline.task_context import Before, Tried
from tests.support.replay_runtime import Killed, ReplayRuntime
from tests.support.scripted_provider import ScriptedProvider
from tests.support.task_flow import FakeServices, block, flow

pytestmark = pytest.mark.unit
TURNS = (
    block("adder.py", "A = 1\n") + "```bash\nset scratch.txt note\n```",
    "```bash\nset test_given.py hacked\n```",
    "```bash\nset requirements.txt none\n```",
    block("adder.py", "<<<<<<< SEARCH\nA = 1\n=======\nRIGHT = 1\n>>>>>>> REPLACE\n")
    + "```bash\nshow scratch.txt\n```",
    "```done\nyes\n```",
)
CRITIC = '{"objections": []}'


def failing(content: Mapping[str, str], stages: tuple[Stage, ...]) -> list[str] | None:
    return [] if "RIGHT" in content["adder.py"] else ["test_it"]


async def attempt(
    runtime: ReplayRuntime, *turns: str, before: Before = Before()
) -> tuple[Tried, ScriptedProvider, FakeServices]:
    model = ScriptedProvider(*turns)
    context, services = flow({"t3": model}, failing, tests=True, tier="t3", runtime=runtime)
    return await work_in_shell(context, 0, before), model, services


async def test_an_attempt_is_accepted_by_execution() -> None:
    tried, model, services = await attempt(ReplayRuntime(), *TURNS, CRITIC)
    assert tried.accepted
    assert [(f.path, f.content) for f in tried.files] == [("adder.py", "RIGHT = 1\n"), ("requirements.txt", "none")]
    (record,) = tried.records
    assert (record.tier, record.outcome, record.steps, record.passing) == ("t3", "accepted", 5, 1)
    assert record.usage.calls == 6, "five steps and a critic"
    assert record.prompt.startswith("shell@")
    assert services.sandbox.seen[2][1]["test_given.py"] == b"import adder\n", "put back before the next command"
    assert "note" in model.asked[4][-1].content, "files of one command are there for the next"


@pytest.mark.parametrize("life", range(13))
async def test_a_flow_that_is_killed_anywhere_goes_on_with_the_same_files(life: int) -> None:
    whole, _, undisturbed = await attempt(ReplayRuntime(), *TURNS, CRITIC)
    first = ReplayRuntime()
    first.left = life
    answers = (*TURNS, CRITIC)
    model = ScriptedProvider(*answers)
    context, before = flow({"t3": model}, failing, tests=True, tier="t3", runtime=first)
    try:
        tried = await work_in_shell(context, 0, Before())
    except Killed:
        second = first.restarted()
        rest = ScriptedProvider(*answers[len(model.keys) :])
        context, after = flow({"t3": rest}, failing, tests=True, tier="t3", runtime=second)
        tried = await work_in_shell(context, 0, Before())
        assert not set(model.keys) & set(rest.keys), "no answer was paid twice"
        assert before.sandbox.seen + after.sandbox.seen == undisturbed.sandbox.seen, "no command saw other files"
        assert not set(first.ran) & set(second.ran)
    assert tried == whole


async def test_the_word_of_the_agent_and_its_critic_accepts_nothing() -> None:
    turns = (block("adder.py", "A = 1\n") + block("requirements.txt", "#\n"), "```done\nAll tests pass.\n```")
    tried, _, _ = await attempt(ReplayRuntime(), *turns, CRITIC)
    assert not tried.accepted
    assert tried.records[0].outcome == "rejected"
    assert tried.findings[0].rule == "test-failed"
    assert tried.files, "what it made is there to be repaired"


async def test_files_of_the_try_before_are_in_the_workspace() -> None:
    old = (SourceFile(path="adder.py", content="A = 1\n"), SourceFile(path="requirements.txt", content="#\n"))
    edit = block("adder.py", "<<<<<<< SEARCH\nA = 1\n=======\nRIGHT = 1\n>>>>>>> REPLACE\n")
    tried, model, _ = await attempt(ReplayRuntime(), edit, TURNS[-1], CRITIC, before=Before(old, output="E  assert 1"))
    assert tried.accepted
    assert "adder.py, requirements.txt" in model.asked[0][-1].content
    assert "E  assert 1" in model.asked[0][-1].content


async def test_an_agent_that_leaves_a_file_out_made_nothing() -> None:
    tried, _, _ = await attempt(ReplayRuntime(), block("adder.py", "RIGHT = 1\n"), "hm", "hm", "hm")
    assert (tried.accepted, tried.files) == (False, ())
    assert tried.records[0].outcome == "malformed"
    assert "requirements.txt" in tried.reason
