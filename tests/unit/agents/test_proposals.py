"""What the CI fixer and the optimiser propose, and what is made of it."""

from __future__ import annotations

import pytest

from qlp.agents.ci_fixer import propose_fix
from qlp.agents.proposals import Proposal
from qlp.config import ModelSettings
from qlp.models import ContractFile, InterfaceContract, SourceFile
from qlp.models.plan import USER_TESTS
from qlp.pipeline.optimise import ROUNDS, Measured, decide
from tests.support.scripted_provider import Answer, ScriptedProvider

pytestmark = pytest.mark.unit
FILES = (
    SourceFile(path="app.py", content="A = 1\nB = 2\n", executable=True),
    SourceFile(path="tests/test_app.py", content="assert True\n"),
    SourceFile(path="given.py", content="G = 1\n"),
)
CONTRACT = InterfaceContract(
    project="p", kind="library", language="python", files=(ContractFile(path="given.py", task=USER_TESTS),)
)


async def fix(said: Answer) -> tuple[Proposal, ScriptedProvider]:
    model = ScriptedProvider(said)
    made = await propose_fix(
        "build (3.12)", "x\n" * 20_000 + "NameError: B", FILES, CONTRACT, model, settings=ModelSettings(), key="k"
    )
    return made, model


def edit(path: str, old: str, new: str) -> str:
    return f"```python path={path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n```\n"


async def test_a_fix_is_the_changed_files_alone() -> None:
    made, model = await fix("The name is missing.\n" + edit("app.py", "B = 2", "B = 3"))
    assert made.outcome == "changes"
    assert made.changed == (SourceFile(path="app.py", content="A = 1\nB = 3\n", executable=True),)
    assert made.prompt.startswith("ci-fixer@")
    assert made.usage.calls == 1
    shown = model.asked[0][-1].content
    assert "NameError: B" in shown
    assert "build (3.12)" in shown
    assert len(shown) < 20_000, "of a long log the end is shown"


@pytest.mark.parametrize("path", ["tests/test_app.py", "given.py", "new.py"])
async def test_tests_given_files_and_new_ones_are_not_changed(path: str) -> None:
    made, _ = await fix(f"```python path={path}\npass\n```\n" + edit("app.py", "A = 1", "A = 2"))
    assert [f.path for f in made.changed] == ["app.py"]
    assert path in made.reason


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("The registry was down.", "none"),
        ("", "malformed"),
        (edit("app.py", "C = 1", "C = 2"), "malformed"),
        ("```python path=../app.py\nx\n```", "malformed"),
        ("```python path=app.py\nA = 1\nB = 2\n```", "none"),
        ("x" * 2_000_000, "malformed"),
    ],
)
async def test_other_answers_change_nothing(said: str, outcome: str) -> None:
    made, _ = await fix(said)
    assert (made.outcome, made.changed) == (outcome, ())


def measured(*ratios: float) -> Measured:
    return Measured(old_s=(1.0,) * len(ratios), new_s=ratios)


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        (measured(0.5, 0.6, 0.5, 0.55, 0.6), True),
        (measured(0.5, 0.6, 0.5, 0.55, 1.1), False),
        (measured(0.97, 0.98, 0.97, 0.99, 0.98), False),
        (measured(*[0.5] * (ROUNDS - 1)), False),
        (Measured(failed="new: exit code 1"), False),
        (Measured(old_s=(1.0,) * 5, new_s=(0.5,) * 4), False),
    ],
)
def test_a_change_is_kept_only_if_it_is_faster_every_time_and_by_enough(seen: Measured, kept: bool) -> None:
    decided, reason = decide(seen)
    assert decided is kept
    assert reason
