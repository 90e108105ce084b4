"""The judge itself: a verdict that cannot fail would prove nothing."""

from __future__ import annotations

import pytest

from qlp.sandbox import ExecResult
from tests.hostile.census import differences
from tests.hostile.programs import PROGRAMS
from tests.hostile.verdict import Expected, end_of, facts_of, mismatches

pytestmark = pytest.mark.unit

RESULT = ExecResult(
    exit_code=0, stdout=b"noise\nVERDICT a=EPERM b=7\nVERDICT b=8\n", stderr=b"", wall_s=0, cpu_s=0, max_rss_bytes=0
)


def test_ends_have_names() -> None:
    assert end_of(RESULT) == "exit 0"
    assert end_of(RESULT.model_copy(update={"exit_code": None, "signal": 9})) == "signal 9"
    assert end_of(RESULT.model_copy(update={"oom": True})) == "oom"
    assert end_of(RESULT.model_copy(update={"timed_out": True, "oom": True})) == "timeout"


def test_a_later_line_wins() -> None:
    assert facts_of(RESULT.stdout) == {"a": "EPERM", "b": "8"}


def test_what_is_as_expected_is_no_mismatch() -> None:
    held = Expected(ends=("timeout", "exit 0"), facts={"a": "EPERM|EACCES"}, at_most={"b": 8}, truncated=False)
    assert mismatches(RESULT, held) == []


@pytest.mark.parametrize(
    "expected",
    [
        Expected(ends=("exit 1",)),
        Expected(ends=("exit 0",), facts={"a": "OK"}),
        Expected(ends=("exit 0",), facts={"a": "EPER"}),
        Expected(ends=("exit 0",), facts={"never": "[a-z]+"}),
        Expected(ends=("exit 0",), at_most={"b": 7}),
        Expected(ends=("exit 0",), at_most={"never": 7}),
        Expected(ends=("exit 0",), stdout=b""),
        Expected(ends=("exit 0",), truncated=True),
    ],
)
def test_each_field_can_fail(expected: Expected) -> None:
    assert mismatches(RESULT, expected)


def test_differences_name_their_place() -> None:
    assert differences({"a": {"b": [1]}}, {"a": {"b": [1]}}) == []
    assert differences({"a": {"b": [1]}}, {"a": {"b": [2]}}) == ["a.b: [1] before, [2] after"]
    assert differences({"a": 1}, {}) == ["a: 1 before, None after"]


def test_programs_have_names_of_their_own() -> None:
    ids = [program.id for program in PROGRAMS]
    assert len(set(ids)) == len(ids)
    assert all(program.expected.ends for program in PROGRAMS)
