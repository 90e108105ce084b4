from __future__ import annotations

import pytest

from qlp.agents.loop import Escalation, fingerprint, malformed_finding
from qlp.models import Attempt, Finding

pytestmark = pytest.mark.unit


def finding(message: str, *, rule: str = "pytest.failed", file: str | None = "a.py", line: int | None = 3) -> Finding:
    return Finding(rule=rule, severity="high", message=message, file=file, line=line)


A = (finding("assert 1 == 2"),)
B = (finding("assert 1 == 3"),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("boom at a.py:12: bad", "boom at a.py:99:4: bad"),
        ('File "x", line 12, in f', 'File "x", line 400, in f'),
        ("<Foo object at 0x7f00aa>", "<Foo object at 0x7f11bb>"),
        ("1 failed in 0.12s", "1 failed in 3.4 seconds"),
        ("no /tmp/qlp-1/x/a.txt", "no /tmp/qlp-2/y/a.txt"),
        ("two  words\n", "two words"),
    ],
)
def test_what_changes_from_run_to_run_does_not_count(one: str, other: str) -> None:
    assert fingerprint([finding(one)]) == fingerprint([finding(other)])


def test_order_and_repetition_do_not_count() -> None:
    x, y = finding("x"), finding("y", line=9)
    assert fingerprint([x, y]) == fingerprint([y, x, x, finding("x", line=77)])


@pytest.mark.parametrize(
    "other", [finding("assert 1 == 3"), finding("assert 1 == 2", rule="E1"), finding("assert 1 == 2", file="b.py")]
)
def test_what_matters_counts(other: Finding) -> None:
    assert fingerprint([other]) != fingerprint(A)


def test_it_is_stable() -> None:
    assert fingerprint(A) == "172caa57736aaef5"
    assert fingerprint([]) == ""


def walk(*failures: tuple[Finding, ...], forced: str | None = None, max_attempts: int = 5) -> list[str | None]:
    state = Escalation.start(forced=forced, max_attempts=max_attempts)  # type: ignore[arg-type]
    tiers: list[str | None] = [state.next()]
    for findings in failures:
        tier = state.next()
        assert tier is not None
        state = state.after(tier, findings)
        tiers.append(state.next())
    assert bool(state.reason) == (tiers[-1] is None)
    return tiers


def test_one_shot_then_repair_until_the_limit() -> None:
    assert walk(A, B, A, max_attempts=3) == ["t1", "t2", "t2", None]


def test_a_repeated_failure_ends_the_repair_loop_before_the_limit() -> None:
    assert walk(A, B, B) == ["t1", "t2", "t2", None]
    assert walk(A, B, (finding("c"),), B) == ["t1", "t2", "t2", "t2", None]


def test_the_failure_of_the_tier_below_may_come_back_once() -> None:
    assert walk(A, A) == ["t1", "t2", "t2"]


def test_a_repeated_failure_escalates_before_the_patience_of_a_rung_ends() -> None:
    state = Escalation(max_attempts=9, tries={"t1": 5})
    state = state.after("t1", A)
    assert state.next() == "t1"
    state = state.after("t1", A)
    assert state.next() == "t2"


def test_a_forced_tier_is_the_only_one() -> None:
    assert walk(A, B, forced="t1", max_attempts=3) == ["t1", "t1", "t1"]
    assert walk(A, A, forced="t2") == ["t2", "t2", None]


def test_failures_without_findings_are_no_repetition() -> None:
    assert walk((), (), (), forced="t1") == ["t1", "t1", "t1", "t1"]


def test_state_survives_storage() -> None:
    state = Escalation.start(forced=None, max_attempts=3).after("t1", A).after("t2", B)
    assert Escalation.model_validate_json(state.model_dump_json()) == state
    assert state.after("t2", B).reason == "3 attempts failed"


def test_a_malformed_answer_is_told_to_the_next_try() -> None:
    attempt = Attempt(tier="t1", model="m", prompt="p", outcome="malformed", reason="unclosed x1: breaks off")
    assert malformed_finding(attempt).message == "unclosed x1: breaks off"


def test_a_ladder_may_end_in_a_shell_or_be_routed() -> None:
    state = Escalation.start(forced=None, max_attempts=5, top="t3")
    assert state.after("t1", A).after("t2", A).next() == "t3"
    assert Escalation.start(forced=None, max_attempts=5, routed=("t2", "t3")).next() == "t2"
    assert Escalation.start(forced="t3", max_attempts=5).ladder == ("t3",)
