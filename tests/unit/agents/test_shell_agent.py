"""The shell agent's loop over a scripted model and a shell in memory: what it does, and where it stops."""

from __future__ import annotations

from decimal import Decimal

import pytest

from qlp.agents.shell import Bounds, Observed, Review, ShellRun, Workspace, run_agent
from qlp.agents.shell.critic import Objection, read_review
from qlp.agents.shell.history import fitting
from qlp.agents.shell.observed import middle_cut
from qlp.agents.shell.turn import Draft
from qlp.errors import ProviderError, ProviderUnavailableError
from qlp.models import SourceFile
from qlp.providers.protocol import ChatOptions, Message, ToolCall
from tests.support.scripted_provider import Answer, ScriptedProvider

pytestmark = pytest.mark.unit
TEST = SourceFile(path="test_a.py", content="assert True\n")
DONE = "```done\nready\n```"
WRITE = "```python path=a.py\nA = 1\n```"


def bash(command: str) -> str:
    return f"```bash\n{command}\n```"


class FakeShell:
    """Answers from a table; a command that is not in it prints nothing."""

    def __init__(self, **answers: Observed) -> None:
        self.answers = answers
        self.ran: list[tuple[str, list[str]]] = []

    async def run(self, command: str, workspace: Workspace, step: int) -> Observed:
        self.ran.append((command, sorted(workspace.files)))
        return self.answers.get(command, Observed(exit_code=0, ended_at=float(len(self.ran))))


class FakeCritic:
    def __init__(self, *reviews: Review) -> None:
        self.reviews = list(reviews)
        self.asked: list[tuple[SourceFile, ...]] = []

    async def review(self, files: tuple[SourceFile, ...], summary: str, output: str) -> Review:
        self.asked.append(files)
        return self.reviews.pop(0)


def workspace() -> Workspace:
    return Workspace([TEST], ["a.py"])


async def run(
    *answers: Answer,
    files: Workspace | None = None,
    shell: FakeShell | None = None,
    critic: FakeCritic | None = None,
    bounds: Bounds = Bounds(),
) -> tuple[ShellRun, ScriptedProvider, Workspace]:
    model, place = ScriptedProvider(*answers), files or workspace()
    made = await run_agent(
        [Message(role="system", content="s"), Message(role="user", content="u")],
        place,
        model=model,
        shell=shell or FakeShell(),
        options=ChatOptions(max_tokens=1000),
        bounds=bounds,
        key="k",
        began=0.0,
        critic=critic,
    )
    return made, model, place


async def test_it_writes_runs_and_is_done() -> None:
    shell = FakeShell(test=Observed(exit_code=0, output="1 passed"))
    made, model, place = await run(WRITE + "\n" + bash("test"), DONE, shell=shell)
    assert (made.ended, made.steps, made.commands) == ("done", 2, 1)
    assert shell.ran == [("test", ["a.py", "test_a.py"])], "files are written before the command runs"
    assert "1 passed" in model.last
    assert [f.content for f in place.own] == ["A = 1\n"]
    assert model.keys == ["k:0", "k:1"]
    assert made.usage.cost_usd == Decimal("0.02")
    assert "ready" in made.summary


async def test_done_without_the_files_is_not_done() -> None:
    made, model, _ = await run(DONE, WRITE, DONE)
    assert made.ended == "done"
    assert "a.py" in model.asked[1][-1].content


async def test_a_tool_call_is_a_command() -> None:
    shell = FakeShell()
    await run(ToolCall(id="1", name="bash", arguments='{"command": "ls"}'), WRITE, DONE, shell=shell)
    assert [command for command, _ in shell.ran] == ["ls"]


async def test_unusable_answers_are_explained_and_three_in_a_row_are_the_end() -> None:
    made, model, _ = await run("hm", bash("ls"), "hm", "", "so?", bash("ls"))
    assert made.ended == "malformed"
    assert made.bad_turns == ["no_action", "no_action", "empty", "no_action"]
    assert "no_action" in model.asked[1][-1].content
    assert len(model.answers) == 1, "the one after the third is not asked for"


async def test_an_answer_that_is_none_is_a_bad_turn_and_an_outage_is_an_error() -> None:
    made, _, _ = await run(ProviderError("no choices", reason="bad_reply"), WRITE, DONE)
    assert (made.ended, made.bad_turns) == ("done", ["empty"])
    with pytest.raises(ProviderUnavailableError):
        await run(ProviderUnavailableError("gone"))


async def test_a_loop_is_told_to_plan_anew_once_and_then_ended() -> None:
    shell = FakeShell(test=Observed(exit_code=1, output="1 failed in 0.12s"))
    made, model, _ = await run(*[bash("test")] * 5, shell=shell)
    assert (made.ended, made.steps) == ("loop", 3)
    assert "exactly this before" in model.asked[2][-1].content
    assert "exactly this before" not in model.asked[1][-1].content
    assert "repeated" in made.reason


async def test_the_same_command_after_a_change_is_no_loop() -> None:
    shell = FakeShell(test=Observed(exit_code=1, output="1 failed"))
    edits = [f"```python path=a.py\nA = {i}\n```\n" + bash("test") for i in range(6)]
    made, _, _ = await run(*edits, DONE, shell=shell)
    assert made.ended == "done"


async def test_going_back_and_forth_is_a_loop() -> None:
    turns = [f"```python path=a.py\nA = {i % 2}\n```\n" + bash("test") for i in range(8)]
    made, _, _ = await run(*turns)
    assert (made.ended, made.steps) == ("loop", 4)


@pytest.mark.parametrize(
    ("bounds", "ended"),
    [
        (Bounds(steps=2), "steps"),
        (Bounds(max_cost_usd=Decimal("0.015")), "cost"),
        (Bounds(wall_s=2.0), "time"),
    ],
)
async def test_every_bound_ends_it_and_what_it_made_stays(bounds: Bounds, ended: str) -> None:
    turns = [WRITE + f"\n{bash(f'try {i}')}" for i in range(9)]
    made, _, place = await run(*turns, bounds=bounds)
    assert (made.ended, made.steps) == (ended, 2)
    assert place.own


async def test_the_critic_is_heard_once_and_decides_nothing() -> None:
    objection = Review(objections=(Objection(requirement="r", problem="negative numbers fail", file="a.py"),))
    critic = FakeCritic(objection)
    made, model, _ = await run(WRITE, DONE, bash("test"), DONE, critic=critic)
    assert made.ended == "done"
    assert len(critic.asked) == 1
    assert [f.path for f in critic.asked[0]] == ["a.py"]
    assert "negative numbers fail" in model.asked[2][-1].content
    assert "the critic objected 1 times" in made.reason


@pytest.mark.parametrize("review", [Review(), Review(readable=False)])
async def test_a_critic_without_objections_or_sense_ends_nothing_badly(review: Review) -> None:
    made, _, _ = await run(WRITE, DONE, critic=FakeCritic(review))
    assert (made.ended, made.steps) == ("done", 2)
    assert made.reviewed is review.readable


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ('```json\n{"objections": [{"problem": "p", "extra": 1}, {"requirement": "r"}, 7]}\n```', ["p"]),
        ('Well: {"objections": []} so.', []),
        ('```\nnothing\n```\n{"objections": [{"problem": "q"}]}', ["q"]),
    ],
)
def test_a_review_is_read(text: str, problems: list[str]) -> None:
    review = read_review(text)
    assert review.readable
    assert [o.problem for o in review.objections] == problems


@pytest.mark.parametrize("text", ["", "fine!", '{"objections": "none"}', "[]", "{" * 50_000])
def test_a_review_that_is_none_says_so(text: str) -> None:
    assert not read_review(text).readable


def changed(*files: tuple[str, str], deleted: tuple[str, ...] = ()) -> Observed:
    made = tuple(SourceFile(path=p, content=c) for p, c in files)
    return Observed(exit_code=0, changed=made, deleted=deleted)


def test_files_of_others_are_put_back_and_scratch_stays_until_the_end() -> None:
    place = workspace()
    notes = place.take(changed(("test_a.py", "pass"), ("a.py", "A = 2\n"), ("trial.py", "x\n")))
    assert any("test_a.py" in n for n in notes)
    assert place.files["test_a.py"] == TEST
    assert place.files["trial.py"].content == "x\n"
    assert [f.path for f in place.own] == ["a.py"]
    assert any("put back" in n for n in place.take(changed(deleted=("test_a.py", "trial.py"))))
    assert sorted(place.files) == ["a.py", "test_a.py"]


def test_a_model_cannot_write_what_is_not_its_own() -> None:
    place = workspace()
    (note,) = place.write([Draft("test_a.py", ["pass"])])
    assert "was not written" in note
    assert place.files["test_a.py"] == TEST


def test_edits_that_do_not_fit_change_nothing_and_say_why() -> None:
    place = workspace()
    place.write([Draft("a.py", ["A = 1"])])
    (note,) = place.write([Draft("a.py", ["<<<<<<< SEARCH", "B = 1", "=======", "B = 2", ">>>>>>> REPLACE"])])
    assert "no_match" in note
    assert place.own[0].content == "A = 1\n"


def test_a_workspace_is_bounded() -> None:
    place = workspace()
    assert "at most" in place.write([Draft("big.txt", ["x" * 5_000_000])])[0]
    for i in range(199):
        place.write([Draft(f"f{i}.txt", ["x"])])
    assert "200 files" in [*place.write([Draft("g.txt", ["x"])]), *place.write([Draft("h.txt", ["x"])])][-1]
    assert "a name is a file or a folder" in place.write([Draft("f1.txt/x", ["x"])])[0]


def test_long_output_keeps_head_and_tail() -> None:
    text = "begin " + "x" * 5000 + " end"
    cut = middle_cut(text, 300)
    assert cut.startswith("begin")
    assert cut.endswith(" end")
    assert "4710 characters left out" in cut


def test_a_long_history_loses_its_oldest_observations_first() -> None:
    messages = [Message(role="user", content=f"{i} " + "y" * 20_000) for i in range(20)]
    kept = fitting(messages)
    assert kept[:2] == tuple(messages[:2])
    assert kept[-1] == messages[-1]
    assert len(kept[2].content) < 1000
    assert sum(len(m.content) for m in kept) <= 240_000


async def test_what_every_step_sends_again_is_marked_for_the_providers_cache() -> None:
    _, model, _ = await run(WRITE, bash("ls"), DONE)
    assert [[i for i, m in enumerate(asked) if m.cache] for asked in model.asked] == [[1], [1, 3], [1, 5]]
