from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import typer

from qlp.cli import exit_codes
from qlp.cli.screen import errors_shown
from qlp.errors import BudgetExceededError, InputError, NoGeneratorError, SandboxUnavailableError
from qlp.models import Confidence, Outcome, Problem, Request, Run, Usage

pytestmark = pytest.mark.unit


def run(**changes: object) -> Run:
    now = datetime.now(UTC)
    return Run(
        id="run_1", status="completed", tenant="local", request=Request(text="x"), created_at=now, updated_at=now
    ).model_copy(update=changes)


def outcome(decision: str) -> Outcome:
    return Outcome(
        verified=decision == "accept",
        decision=decision,  # type: ignore[arg-type]
        stages=(),
        confidence=Confidence(probability=0.5, label="uncalibrated", formula="f@1", contributions=()),
        usage=Usage(),
        capsule="c.zip",
        capsule_digest="0",
        generator="g",
        timings={},
    )


@pytest.mark.parametrize(
    ("decision", "code"),
    [("accept", 0), ("reject", 1), ("unverified", 3), ("human_review", 3), ("ai_review", 3), ("repair", 3)],
)
def test_a_finished_run_exits_by_its_decision(decision: str, code: int) -> None:
    assert exit_codes.of_run(run(outcome=outcome(decision))) == code


@pytest.mark.parametrize(
    ("code", "exits"),
    [("no_generator", 3), ("budget_exceeded", 4), ("contradictory_request", 2), ("generation_failed", 1)],
)
def test_a_problem_has_its_own_code(code: str, exits: int) -> None:
    assert exit_codes.of_run(run(status="failed", problem=Problem(code=code, detail="d"))) == exits


def test_a_run_without_an_outcome_is_not_a_success() -> None:
    assert exit_codes.of_run(run(status="cancelled")) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("bad"), 2),
        (NoGeneratorError("none"), 3),
        (BudgetExceededError("dear"), 4),
        (SandboxUnavailableError("no engine"), 1),
        (KeyboardInterrupt(), 130),
        (RuntimeError("a defect"), 1),
    ],
)
def test_errors_end_a_command_without_a_traceback(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QLP_DEBUG", raising=False)
    with pytest.raises(typer.Exit) as caught, errors_shown(as_json=True):
        raise error
    assert caught.value.exit_code == code
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    if code != 130:
        assert str(error) in json.loads(shown.out)["error"]["detail"]
