from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from qlp.cli.progress import LiveRun, facts_line
from qlp.models import Event

pytestmark = pytest.mark.unit


def event(type: str, **data: Any) -> Event:
    return Event(type=type, sequence_number=1, run_id="run_1", created_at=datetime.now(UTC), data=data)  # type: ignore[arg-type]


def lines(*events: Event, history: str = "") -> str:
    live = LiveRun(history=lambda _: history)
    return "\n".join(filter(None, (live._line(e) for e in events)))


PLAN = event(
    "run.plan.ready",
    generator="blueprint:fastapi-crud@1",
    tasks=[
        {"id": "app", "title": "The app", "depends_on": []},
        {"id": "tests", "title": "Tests", "depends_on": ["app"]},
    ],
    files=["a.py"],
    routes=3,
    estimate={"model_calls_at_most": 0},
)


def test_plan_and_estimate_are_told() -> None:
    said = lines(PLAN, history="about 12 s (median of 3 earlier runs of its kind)")
    assert "2 tasks, 1 files, 3 smoke requests" in said
    assert "$0.00 (no model call), about 12 s" in said
    assert "after app" in said


def test_an_estimate_without_history_does_not_invent_one() -> None:
    assert "time unknown" in lines(PLAN)


def test_a_models_estimate_says_what_is_unknown() -> None:
    priced = PLAN.model_copy(
        update={
            "data": {
                **PLAN.data,
                "estimate": {"model_calls_at_least": 2, "model_calls_at_most": 6, "usd_per_mtok_in": None},
            }
        }
    )
    assert "2 to 6 model calls, price unknown, no cap" in lines(priced)


def test_stages_show_counts_or_the_reason_of_a_skip() -> None:
    passed = event(
        "run.stage.completed",
        stage="tests",
        status="passed",
        reason="",
        findings=0,
        wall_s=1.5,
        facts={"tests_passed": 9},
    )
    skipped = event(
        "run.stage.completed", stage="security", status="skipped", reason="no analyser", findings=0, wall_s=0, facts={}
    )
    assert "9 tests passed" in lines(passed)
    assert "no analyser" in lines(skipped)


def test_facts_are_words() -> None:
    assert facts_line({"smoke_requests": 11, "smoke_failed": 2, "ready_s": 0.4}, "", 2) == (
        "11 requests, 2 wrong answers, ready after 0.4 s, 2 findings"
    )
