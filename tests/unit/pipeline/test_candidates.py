"""Candidates of T1 and T2: how many are drawn, which one is chosen, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from qlp.errors import InputError
from qlp.models import SourceFile, Stage
from qlp.pipeline.candidates import draw_candidates
from qlp.pipeline.task_context import Before
from tests.support.scripted_provider import ScriptedProvider
from tests.support.task_flow import adder, block, flow

pytestmark = pytest.mark.unit
CROSS = block("test_cross_written.py", "def test_a(): ...\n")


def given(content: Mapping[str, str], stages: tuple[Stage, ...]) -> list[str] | None:
    """Only code that says RIGHT passes."""
    return [] if "RIGHT" in content["adder.py"] else ["test_given.py::test_it"]


async def test_a_passing_first_sample_ends_the_drawing() -> None:
    model = ScriptedProvider(adder("RIGHT = 1\n"))
    context, _ = flow({"t1": model}, given, tests=True, n=10)
    tried = await draw_candidates(context, "t1", 0, Before())
    assert tried.accepted
    assert [o.n for o in model.options] == [1]
    (record,) = tried.records
    assert (record.outcome, record.samples, record.passing) == ("accepted", 1, 1)


async def test_waves_grow_until_one_passes() -> None:
    wrong = [adder(f"WRONG = {i}\n") for i in range(6)]
    model = ScriptedProvider(wrong[0], tuple(wrong[1:4]), (wrong[4], adder("RIGHT = 1\n"), *[wrong[5]] * 4))
    context, _ = flow({"t1": model}, given, tests=True, n=10, models={"extra_body": {"seed": 5}})
    tried = await draw_candidates(context, "t1", 0, Before())
    assert tried.accepted
    assert "RIGHT" in tried.files[0].content
    assert [o.n for o in model.options] == [1, 3, 6]
    assert [o.extra_body["seed"] for o in model.options] == [5, 6, 9], "a fixed seed moves on from wave to wave"
    assert len(set(model.keys)) == 3
    (record,) = tried.records
    assert (record.samples, record.passing, record.usage.calls) == (10, 1, 3)


async def test_without_early_stopping_all_are_drawn_at_once() -> None:
    model = ScriptedProvider(tuple(adder(f"RIGHT = {i}\n") for i in range(4)))
    context, _ = flow({"t1": model}, given, tests=True, n=4, early_stopping=False)
    tried = await draw_candidates(context, "t1", 0, Before())
    assert [o.n for o in model.options] == [4]
    assert tried.records[0].passing == 4


async def test_none_passes_and_the_best_is_handed_on() -> None:
    model = ScriptedProvider(adder("A = 1\n"), (adder("B = 1\n"), "no code"))
    context, _ = flow({"t1": model}, given, tests=True, n=3)
    tried = await draw_candidates(context, "t1", 0, Before())
    assert not tried.accepted
    assert tried.files
    assert tried.findings[0].rule == "test-failed"
    assert tried.records[0].outcome == "rejected"
    assert "test_given.py::test_it" in tried.reason


async def test_no_answer_can_be_read() -> None:
    model = ScriptedProvider("sorry", ("sorry", "sorry"))
    context, _ = flow({"t1": model}, given, tests=True, n=3)
    tried = await draw_candidates(context, "t1", 0, Before())
    assert (tried.accepted, tried.files) == (False, ())
    assert tried.records[0].outcome == "malformed"
    assert tried.records[0].samples == 3


def crossed(content: Mapping[str, str], stages: tuple[Stage, ...]) -> list[str] | None:
    """Without tests everything that parses passes; the cross-written ones tell the candidates apart."""
    if "test_cross_written.py" not in content or "GOOD" in content["adder.py"]:
        return []
    return ["test_a", "test_b"] if "POOR" in content["adder.py"] else ["test_b"]


async def test_without_tests_somebody_else_writes_some_and_they_rank() -> None:
    poor, good = adder("POOR = 1\n"), [adder(f"GOOD = {i}\n") for i in range(6)]
    model = ScriptedProvider(poor, CROSS, tuple(good[:3]), tuple(good[3:]))
    context, services = flow({"t2": model}, crossed, n=7)
    tried = await draw_candidates(context, "t2", 0, Before())
    assert tried.accepted
    assert "GOOD" in tried.files[0].content
    (record,) = tried.records
    assert record.chosen_by.startswith("cross-written tests")
    assert record.usage.calls == 4, "the author of the tests was paid as well"
    tester = model.asked[1]
    assert "POOR" not in "".join(m.content for m in tester), "that author never saw the code"
    assert [f.path for f in tried.files] == ["adder.py", "requirements.txt"], "the tests stay out of the project"
    assert sum("test_cross_written.py" in v for v in services.validated) == 7


async def test_agreement_stops_the_drawing_too() -> None:
    good = [adder(f"GOOD = {i}\n") for i in range(4)]
    model = ScriptedProvider(good[0], CROSS, tuple(good[1:]))
    context, _ = flow({"t2": model}, crossed, n=20)
    tried = await draw_candidates(context, "t2", 0, Before())
    assert tried.accepted
    assert tried.records[0].samples == 4, "four that behave alike are enough of twenty"


async def test_tests_that_cannot_be_read_rank_nothing_and_a_vote_is_called_one() -> None:
    two = adder("B = 1\n")
    model = ScriptedProvider(adder("A = 1\n"), "I write no tests.", (two, two))
    context, _ = flow({"t2": model}, crossed, n=3)
    tried = await draw_candidates(context, "t2", 0, Before())
    assert "B = 1" in tried.files[0].content
    assert tried.records[0].chosen_by == "most samples (a vote)"


async def test_an_ensemble_draws_in_parallel_and_execution_chooses() -> None:
    one, two = ScriptedProvider(adder("WRONG = 1\n")), ScriptedProvider(adder("RIGHT = 1\n"))
    two.name = "test:other"
    context, _ = flow({"t1": one, "t2": two}, given, tests=True, ensemble=("t1", "t2:implementer-stepwise"))
    tried = await draw_candidates(context, "t1", 0, Before())
    assert tried.accepted
    assert [(r.model, r.outcome) for r in tried.records] == [("test:scripted", "rejected"), ("test:other", "accepted")]
    assert [r.prompt.split("@")[0] for r in tried.records] == ["implementer", "implementer-stepwise"]
    assert set(one.keys).isdisjoint(two.keys)


async def test_a_repair_by_edits_starts_from_the_files_before() -> None:
    edit = block("adder.py", "<<<<<<< SEARCH\nWRONG = 1\n=======\nRIGHT = 1\n>>>>>>> REPLACE\n")
    first, second = ScriptedProvider(adder("A = 0\nWRONG = 1\n")), ScriptedProvider(edit)
    context, _ = flow({"t1": first, "t2": second}, given, tests=True)
    failed = await draw_candidates(context, "t1", 0, Before())
    tried = await draw_candidates(context, "t2", 1, Before(failed.files, failed.findings, failed.output))
    assert tried.accepted
    assert [f.content for f in tried.files] == ["A = 0\nRIGHT = 1\n", "# nothing\n"]


async def test_patterns_reach_tier_t1() -> None:
    model = ScriptedProvider(adder("RIGHT = 1\n"))
    context, _ = flow({"t1": model}, given, tests=True)
    await draw_candidates(context, "t1", 0, Before(), (SourceFile(path="old.py", content="PATTERN = 1\n"),))
    assert "PATTERN = 1" in model.last
    assert "verified before" in model.last


async def test_an_ensemble_member_that_writes_no_code_is_refused() -> None:
    context, _ = flow({"t1": ScriptedProvider()}, given, tests=True, ensemble=("t1:planner",))
    with pytest.raises(InputError, match="planner"):
        await draw_candidates(context, "t1", 0, Before())


async def test_routing_may_say_how_many_candidates_there_are() -> None:
    model = ScriptedProvider(adder("WRONG = 1\n"), (adder("WRONG = 2\n"), adder("RIGHT = 1\n")))
    context, _ = flow({"t1": model}, given, tests=True, n=1)
    tried = await draw_candidates(replace(context, n=3), "t1", 0, Before())
    assert tried.accepted
    assert tried.records[0].samples == 3
