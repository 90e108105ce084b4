"""What a policy makes of coverage and mutants: too little is a finding, not measured is an error, never a pass."""

from __future__ import annotations

from typing import Any

import pytest

from qlp.models import Finding, ProjectCommand, StageResult
from qlp.validation import Policy, coverage, mutation, validator
from qlp.validation.depth import Depth
from qlp.validation.policy import StagePolicy, TestsPolicy
from tests.support.fake_tools import FILES, ToolBackend, check, contract, ended, toolchain

pytestmark = pytest.mark.unit

TEST = ProjectCommand(purpose="test", argv=("test",))
MAIN = toolchain("main", "one", {"syntax": (check("parse"),), "tests": (check("test"),)}, main=True)


async def the_tests_stage(monkeypatch: pytest.MonkeyPatch, asked: TestsPolicy, depth: Depth | Exception) -> StageResult:
    seen: list[dict[str, Any]] = []

    async def probe(*args: Any, **options: Any) -> Depth:
        seen.append(options)
        if isinstance(depth, Exception):
            raise depth
        return depth

    monkeypatch.setattr(validator, "toolchains", lambda: (MAIN,))
    monkeypatch.setattr(validator, "main_toolchain", lambda language: MAIN)
    monkeypatch.setattr(mutation, "sample_mutants", probe)
    monkeypatch.setattr(coverage, "measure_coverage", probe)
    policy = Policy(name="p", stages={"syntax": StagePolicy(required="always")}, tests=asked)
    verdict = await validator.validate_project(FILES, contract(TEST), ToolBackend(), policy=policy)
    assert all(options["wall_s"] > 0 for options in seen)
    stage = verdict.stage("tests")
    assert stage is not None
    return stage


MUTANTS = TestsPolicy(mutants=10, min_killed=0.5)
COVERAGE = TestsPolicy(min_coverage=0.8)


@pytest.mark.parametrize(
    ("asked", "depth", "status", "rule"),
    [
        (MUTANTS, Depth({"mutants_tried": 10, "mutants_killed": 5}), "passed", ""),
        (MUTANTS, Depth({"mutants_tried": 10, "mutants_killed": 4}), "failed", "tests-too-weak"),
        (MUTANTS, Depth({"mutants_tried": 0, "mutants_killed": 0}), "passed", ""),
        (MUTANTS, Depth(reason="no such language"), "errored", ""),
        (MUTANTS, ValueError("not JSON"), "errored", ""),
        (TestsPolicy(mutants=10), Depth(reason="no such language"), "passed", ""),
        (COVERAGE, Depth({"coverage_percent": 80.0}), "passed", ""),
        (COVERAGE, Depth({"coverage_percent": 79.0}), "failed", "coverage-too-low"),
        (COVERAGE, Depth(reason="no tracer"), "errored", ""),
        (TestsPolicy(coverage=True), Depth({"coverage_percent": 1.0}), "passed", ""),
    ],
)
async def test_depth(
    monkeypatch: pytest.MonkeyPatch, asked: TestsPolicy, depth: Depth | Exception, status: str, rule: str
) -> None:
    stage = await the_tests_stage(monkeypatch, asked, depth)
    assert stage.status == status, stage
    assert [f.rule for f in stage.findings] == ([rule] if rule else [])
    if isinstance(depth, Depth):
        assert depth.facts.items() <= stage.facts.items()


async def test_a_suite_that_cannot_fail_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cannot = Finding(rule="tests-cannot-fail", severity="high", message="m")
    stage = await the_tests_stage(monkeypatch, MUTANTS, Depth({"mutants_tried": 9, "mutants_killed": 0}, (cannot,)))
    assert [f.rule for f in stage.findings] == ["tests-cannot-fail"]
    assert stage.status == "failed"


async def test_red_tests_are_not_deepened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validator, "toolchains", lambda: (MAIN,))
    monkeypatch.setattr(validator, "main_toolchain", lambda language: MAIN)
    asked: list[int] = []

    async def probe(*args: Any, **options: Any) -> Depth:
        asked.append(1)
        return Depth()

    async def red(profile: str, command: Any) -> Any:
        return ended(1 if command.argv[0] == "test" else 0)

    monkeypatch.setattr(mutation, "sample_mutants", probe)
    backend = ToolBackend()
    backend.answer = red
    policy = Policy(name="p", stages={"syntax": StagePolicy(required="always")}, tests=MUTANTS)
    await validator.validate_project(FILES, contract(TEST), backend, policy=policy)
    assert asked == []
