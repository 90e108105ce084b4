"""How the groups of a validation go together: places, order, what is missing, what stops what, and cancellation."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from qlp.errors import SandboxError, SandboxUnavailableError
from qlp.models import Finding, ProjectCommand, Stage, StageResult, Verdict
from qlp.sandbox.protocol import Command, ExecResult
from qlp.validation import Check, Policy, Reading, Skip, Toolchain, load_policy, validator
from qlp.validation.policy import StagePolicy
from tests.support.fake_tools import FILES, ToolBackend, check, contract, ended, toolchain

pytestmark = pytest.mark.unit

TEST = ProjectCommand(purpose="test", argv=("test",))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(*every: Toolchain) -> None:
        monkeypatch.setattr(validator, "toolchains", lambda: every)
        monkeypatch.setattr(validator, "main_toolchain", lambda language: every[0])

    return use


MAIN = toolchain(
    "main",
    "one",
    {"syntax": (check("parse"),), "style": (check("lint"),), "tests": (check("test"),)},
    main=True,
)
SIDE = toolchain("side", "two", {"syntax": (check("yamlparse"),), "tests": (check("never"),)})
SCAN = toolchain("scan", "three", {"security": (check("scan"),)})


def by_stage(verdict: Verdict) -> dict[str, str]:
    return {s.stage: s.status for s in verdict.stages}


def fails(*tools: str) -> Any:
    async def answer(profile: str, command: Command) -> ExecResult:
        return ended(1 if command.argv[0] in tools else 0, out="tool 1.0\n")

    return answer


async def test_every_profile_gets_one_sandbox_and_only_the_main_one_tests(install: Any) -> None:
    install(MAIN, SIDE, SCAN)
    backend = ToolBackend()
    told: list[StageResult] = []

    async def listen(stage: StageResult) -> None:
        told.append(stage)

    verdict = await validator.validate_project(FILES, contract(TEST), backend, on_stage=listen)
    assert sorted(s.profile for s in backend.opened) == ["one", "three", "two"]
    assert ("never",) not in backend.ran
    assert by_stage(verdict) == {
        "syntax": "passed",
        "style": "passed",
        "types": "skipped",
        "security": "passed",
        "tests": "passed",
        "runtime": "skipped",
    }
    assert verdict.verified
    assert verdict.required == ("syntax", "tests")
    assert (verdict.policy, verdict.policy_digest) == ("development@1", load_policy("development").digest)
    assert sorted(s.stage for s in told) == sorted(by_stage(verdict))
    syntax = verdict.stage("syntax")
    assert syntax is not None
    assert [e.tool for e in syntax.evidence] == ["parse", "yamlparse"]
    ids = [e.id for e in verdict.evidence]
    assert len(ids) == len(set(ids))


async def test_one_place_is_enough_for_three_profiles(install: Any) -> None:
    """Whoever held a sandbox and waited for another one would wait for ever here."""
    install(MAIN, SIDE, SCAN)
    backend = ToolBackend(places=1)
    async with asyncio.timeout(10):
        many = await asyncio.gather(*(validator.validate_project(FILES, contract(TEST), backend) for _ in range(10)))
    assert all(v.verified for v in many)
    assert backend.open_now == 0


async def test_a_side_language_without_its_image_is_said_and_no_crash(install: Any) -> None:
    install(MAIN, SIDE, SCAN)
    backend = ToolBackend()
    backend.missing = {"two", "three"}
    verdict = await validator.validate_project(FILES, contract(TEST), backend)
    syntax, security = verdict.stage("syntax"), verdict.stage("security")
    assert syntax is not None
    assert security is not None
    assert syntax.status == "passed"
    assert syntax.facts["not_checked"] == "side"
    assert "qlp sandbox build two" in syntax.reason
    assert (security.status, security.applicable) == ("skipped", True)
    assert verdict.verified
    strict = await validator.validate_project(FILES, contract(TEST), backend, policy=load_policy("production"))
    assert by_stage(strict)["syntax"] == by_stage(strict)["security"] == "errored"
    assert not strict.verified


async def test_without_the_main_image_there_is_no_verdict(install: Any) -> None:
    install(MAIN, SIDE, SCAN)
    backend = ToolBackend()
    backend.missing = {"one"}
    with pytest.raises(SandboxUnavailableError, match="build one"):
        await validator.validate_project(FILES, contract(TEST), backend)
    assert backend.open_now == 0


async def test_a_side_sandbox_that_breaks_errs_its_stages(install: Any) -> None:
    install(MAIN, SIDE, SCAN)
    backend = ToolBackend()

    async def answer(profile: str, command: Command) -> ExecResult:
        if profile == "three":
            raise SandboxError("the runner died")
        return ended(out="tool 1.0\n")

    backend.answer = answer
    verdict = await validator.validate_project(FILES, contract(TEST), backend)
    assert by_stage(verdict)["security"] == "errored"
    assert not verdict.verified


async def test_syntax_errors_stop_tests_and_runtime_where_the_policy_says_so(install: Any) -> None:
    install(MAIN)
    backend = ToolBackend()
    backend.answer = fails("parse")
    run = ProjectCommand(purpose="run", argv=("program",))
    verdict = await validator.validate_project(FILES, contract(TEST, run), backend)
    assert by_stage(verdict)["tests"] == by_stage(verdict)["runtime"] == "failed"
    assert {f.rule for f in verdict.findings} == {"parse-wrong", "blocked"}
    assert ("test",) not in backend.ran
    patient = load_policy("development").model_copy(
        update={"stages": {"syntax": StagePolicy(required="always", stop=False)}}
    )
    verdict = await validator.validate_project(FILES, contract(TEST, run), backend, policy=patient)
    assert by_stage(verdict)["tests"] == "passed"
    assert not verdict.verified


async def test_install_and_build_that_fail_block_what_needs_them(install: Any) -> None:
    install(MAIN)
    commands = tuple(ProjectCommand(purpose=p, argv=(p,)) for p in ("install", "build", "run"))
    for broken in ("install", "build"):
        backend = ToolBackend()
        backend.answer = fails(broken)
        verdict = await validator.validate_project(FILES, contract(*commands, TEST), backend)
        status = by_stage(verdict)
        assert (status["syntax"], status["tests"], status["runtime"]) == ("passed", "failed", "failed")
        tests = verdict.stage("tests")
        assert tests is not None
        assert tests.findings[0].rule == f"{broken}-failed"
        assert tests.findings[0].evidence in {e.id for e in verdict.evidence}


async def test_severities_fail_a_stage_from_where_the_policy_says(install: Any) -> None:
    def low(result: ExecResult) -> Reading:
        return Reading((Finding(rule="r", severity="low", message="m"),))

    install(
        toolchain("main", "one", {"syntax": (check("p"),), "tests": (check("t"),)}, main=True),
        toolchain("scan", "three", {"security": (Check("scan", Command(argv=("scan",)), low),)}),
    )
    backend = ToolBackend()
    relaxed = await validator.validate_project(FILES, contract(TEST), backend)
    assert by_stage(relaxed)["security"] == "passed"
    assert relaxed.findings[0].tool == "scan"
    policy = Policy(name="p", stages={"syntax": StagePolicy(required="always"), "security": StagePolicy(fail_at="low")})
    assert (
        by_stage(await validator.validate_project(FILES, contract(TEST), backend, policy=policy))["security"]
        == "failed"
    )
    lenient = policy.model_copy(
        update={"stages": {**policy.stages, "security": StagePolicy(fail_at="low", blocks=False)}}
    )
    assert (await validator.validate_project(FILES, contract(TEST), backend, policy=lenient)).verified


async def test_tests_are_always_needed_by_critical(install: Any) -> None:
    none: Any = {"syntax": (check("p"),), "tests": Skip("a page has no tests", applicable=False)}
    install(toolchain("main", "one", none, main=True), SCAN)
    verdict = await validator.validate_project(FILES, contract(), ToolBackend())
    assert verdict.verified
    critical = load_policy("critical")
    assert not (await validator.validate_project(FILES, contract(), ToolBackend(), policy=critical)).verified


@pytest.mark.parametrize("stage", ["syntax", "tests"])
async def test_a_stage_without_time_left_errs_and_never_fails_or_passes(install: Any, stage: Stage) -> None:
    install(MAIN)
    backend = ToolBackend()

    async def slow(profile: str, command: Command) -> ExecResult:
        if command.argv[0] in ("parse", "test"):
            await asyncio.sleep(0.05)
            return ended(None, signal=9, timed_out=True)
        return ended()

    backend.answer = slow
    base = load_policy("development")
    policy = base.model_copy(update={"stages": {**base.stages, stage: StagePolicy(required="always", wall_s=0.04)}})
    verdict = await validator.validate_project(FILES, contract(TEST), backend, policy=policy, stages=(stage,))
    (result,) = verdict.stages
    assert result.status == "errored"
    assert "0.04 s, is used up" in result.reason
    assert not verdict.verified


async def test_a_test_that_hangs_by_itself_fails(install: Any) -> None:
    install(MAIN)
    backend = ToolBackend()

    async def hang(profile: str, command: Command) -> ExecResult:
        return ended(None, signal=9, timed_out=True) if command.argv[0] == "test" else ended()

    backend.answer = hang
    verdict = await validator.validate_project(FILES, contract(TEST), backend)
    assert by_stage(verdict)["tests"] == "failed"


async def test_a_used_up_cost_budget_errs(install: Any) -> None:
    install(MAIN)
    policy = load_policy("development").model_copy(update={"cpu_s": 0.05})
    verdict = await validator.validate_project(FILES, contract(TEST), ToolBackend(), policy=policy)
    assert by_stage(verdict)["tests"] == "errored"
    tests = verdict.stage("tests")
    assert tests is not None
    assert "processor seconds" in tests.reason


async def test_long_lists_of_paths_are_cut_and_their_readings_added_up(install: Any) -> None:
    paths = tuple(f"{'d' * 200}/{n:05}.py" for n in range(2000))

    def count(result: ExecResult) -> Reading:
        return Reading(facts={"files": int(result.stdout)})

    sizes: list[int] = []

    async def answer(profile: str, command: Command) -> ExecResult:
        sizes.append(sum(map(len, command.argv)))
        return ended(out=str(len(command.argv) - 1))

    many = Check("many", Command(argv=("many",)), count, paths=paths, files={".qlp/x": b"1"})
    install(toolchain("main", "one", {"syntax": (many,)}, main=True))
    backend = ToolBackend()
    backend.answer = answer
    verdict = await validator.validate_project(FILES, contract(), backend, stages=("syntax",))
    (syntax,) = verdict.stages
    assert syntax.facts["files"] == 2000
    assert len(syntax.evidence) == 5
    assert max(sizes) < 100_000
    assert backend.opened[0].files[".qlp/x"] == b"1"


async def test_too_many_findings_are_cut_the_worst_kept(install: Any) -> None:
    def flood(result: ExecResult) -> Reading:
        small = tuple(Finding(rule="low", severity="low", message=str(n)) for n in range(1000))
        return Reading((*small, Finding(rule="bad", severity="critical", message="m")))

    install(toolchain("main", "one", {"syntax": (Check("t", Command(argv=("t",)), flood),)}, main=True))
    (syntax,) = (await validator.validate_project(FILES, contract(), ToolBackend(), stages=("syntax",))).stages
    assert syntax.status == "failed"
    assert len(syntax.findings) == 500
    assert syntax.facts["findings_dropped"] == 501
    assert syntax.findings[-1].rule == "bad"


async def test_an_output_that_was_cut_is_no_pass(install: Any) -> None:
    install(MAIN)
    backend = ToolBackend()

    async def loud(profile: str, command: Command) -> ExecResult:
        return ended(0, truncated=command.argv[0] == "lint")

    backend.answer = loud
    verdict = await validator.validate_project(FILES, contract(TEST), backend)
    assert by_stage(verdict)["style"] == "errored"


async def test_plug_ins_that_break_err_and_the_rest_goes_on(install: Any) -> None:
    def bad_plan(project: Any) -> Any:
        raise RecursionError("deep")

    def bad_parse(result: ExecResult) -> Reading:
        raise UnicodeError("what is this")

    broken = Toolchain(name="broken", profile="two", plan=bad_plan, versions=Command(argv=("v",)))
    scan = toolchain("scan", "three", {"security": (Check("scan", Command(argv=("scan",)), bad_parse),)})
    install(MAIN, broken, scan)
    verdict = await validator.validate_project(FILES, contract(TEST), ToolBackend())
    assert by_stage(verdict)["syntax"] == by_stage(verdict)["security"] == "errored"
    assert by_stage(verdict)["tests"] == "passed"
    syntax = verdict.stage("syntax")
    assert syntax is not None
    assert "broken: RecursionError: deep" in syntax.reason


async def test_a_cancelled_validation_leaves_no_sandbox(install: Any) -> None:
    install(MAIN, SIDE, SCAN)
    backend = ToolBackend()
    running = asyncio.Event()

    async def for_ever(profile: str, command: Command) -> ExecResult:
        if command.argv[0].endswith("-version"):
            return ended()
        running.set()
        await asyncio.sleep(3600)
        raise AssertionError("unreachable")

    backend.answer = for_ever
    task = asyncio.create_task(validator.validate_project(FILES, contract(TEST), backend))
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert backend.open_now == 0
    assert not [t for t in asyncio.all_tasks() if t.get_name().startswith("validate.")]


async def test_tools_that_break_on_syntax_errors_are_not_blamed(install: Any) -> None:
    def broken(result: ExecResult) -> Reading:
        return Reading(broken="what is this file")

    lint = Check("lint", Command(argv=("lint",)), broken)
    install(toolchain("main", "one", {"syntax": (check("parse"),), "style": (lint,)}, main=True))
    backend = ToolBackend()
    backend.answer = fails("parse")
    status = by_stage(await validator.validate_project(FILES, contract(), backend))
    assert (status["syntax"], status["style"]) == ("failed", "skipped")
    assert by_stage(await validator.validate_project(FILES, contract(), ToolBackend()))["style"] == "errored"
