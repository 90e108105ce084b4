from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from qlp.capsule import (
    CapsuleContents,
    CapsuleReport,
    CapsuleStore,
    Signer,
    Trust,
    read_capsule,
    rerun,
    verify_capsule,
    write,
)
from qlp.capsule.rerun import compare
from qlp.errors import SandboxUnavailableError
from qlp.models import Evidence, InterfaceContract, SourceFile, StageResult, Verdict

pytestmark = pytest.mark.unit
MakeVerdict = Callable[..., Verdict]


class Replay:
    """A validator that answers with a given verdict and remembers what it was given."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.seen: list[tuple[tuple[SourceFile, ...], InterfaceContract]] = []

    async def __call__(self, files: tuple[SourceFile, ...], contract: InterfaceContract) -> Verdict:
        self.seen.append((files, contract))
        return self.verdict


def changed(verdict: Verdict, stage: str, **changes: Any) -> Verdict:
    stages = tuple(s.model_copy(update=changes) if s.stage == stage else s for s in verdict.stages)
    return verdict.model_copy(update={"stages": stages})


async def test_verified_when_everything_shows_the_same_again(
    capsule_path: Path, trust: Trust, make_verdict: MakeVerdict, files: tuple[SourceFile, ...]
) -> None:
    validate = Replay(make_verdict())
    report = await verify_capsule(capsule_path, validate, trust=trust)
    assert report.verified
    assert report.problems == ()
    assert [(r.stage, r.rerun, r.holds) for r in report.reruns] == [
        ("syntax", "passed", True),
        ("types", "skipped", True),
        ("tests", "passed", True),
        ("runtime", "passed", True),
    ]
    (given, contract) = validate.seen[0]
    assert set(given) == set(files)
    assert contract == read_capsule(capsule_path).manifest.plan.contract


@pytest.mark.parametrize(
    ("stage", "changes", "said"),
    [
        (
            "tests",
            {"status": "failed", "facts": {"tests_passed": 7, "tests_failed": 0}},
            "running it again gave failed",
        ),
        ("runtime", {"status": "skipped", "reason": "no port"}, "gave skipped (no port)"),
        ("syntax", {"status": "errored", "reason": "tool broke"}, "gave errored (tool broke)"),
        ("types", {"status": "failed"}, "the capsule says skipped, running it again gave failed"),
        ("tests", {"facts": {"tests_passed": 6, "tests_failed": 0}}, "tests_passed: 7 in the capsule, 6 now"),
        ("tests", {"facts": {"tests_failed": 0}}, "tests_passed: 7 in the capsule, nothing now"),
        ("tests", {"facts": {"tests_passed": 7, "tests_failed": 1}}, "tests_failed: 0 in the capsule, 1 now"),
        ("runtime", {"facts": {}}, "runs: 1 in the capsule, nothing now"),
    ],
)
async def test_a_worse_result_is_not_verified(
    capsule_path: Path, trust: Trust, make_verdict: MakeVerdict, stage: str, changes: dict[str, Any], said: str
) -> None:
    report = await verify_capsule(capsule_path, Replay(changed(make_verdict(), stage, **changes)), trust=trust)
    assert not report.verified
    assert report.authentic
    assert {p.code for p in report.problems} == {"rerun_differs"}
    assert said in report.problems[0].detail
    assert [r.stage for r in report.reruns if not r.holds] == [stage]


async def test_a_stage_that_did_not_run_again_is_not_verified(
    capsule_path: Path, trust: Trust, make_verdict: MakeVerdict
) -> None:
    verdict = make_verdict()
    report = await verify_capsule(
        capsule_path, Replay(verdict.model_copy(update={"stages": verdict.stages[:2]})), trust=trust
    )
    assert not report.verified
    assert [r.rerun for r in report.reruns] == ["passed", "skipped", "missing", "missing"]


async def test_other_tools_and_images_are_told_and_break_nothing(
    capsule_path: Path,
    trust: Trust,
    make_verdict: MakeVerdict,
    make_evidence: Callable[..., Evidence],
    files: tuple[SourceFile, ...],
) -> None:
    before = make_verdict().stages[2].evidence[0]
    isolation = before.isolation.model_copy(update={"backend": "bubblewrap", "image_digest": "sha256:" + "b" * 64})
    newer = make_evidence("tests-1", files, tool_version="9.0.0", isolation=isolation)
    facts = {"tests_passed": 8, "tests_failed": 0, "coverage": 80.0}
    again = changed(make_verdict(), "tests", evidence=(newer,), facts=facts)
    report = await verify_capsule(capsule_path, Replay(again), trust=trust)
    assert report.verified
    tests = next(r for r in report.reruns if r.stage == "tests")
    text = "\n".join(tests.differences)
    assert "pytest: version 8.4.2 in the capsule, 9.0.0 now" in text
    assert "image: docker qlp/python@sha256:aaa" in text
    assert "tests_passed: 7 in the capsule, 8 now" in text
    assert "coverage" not in text


def test_a_better_status_holds_and_is_told() -> None:
    claimed = StageResult(stage="types", status="skipped", reason="no mypy")
    result = compare(claimed, StageResult(stage="types", status="passed"))
    assert result.holds
    assert result.differences == ("skipped in the capsule, passed now",)


async def test_a_capsule_that_does_not_claim_it_is_authentic_and_never_verified(
    make_contents: Callable[..., CapsuleContents],
    make_verdict: MakeVerdict,
    signer: Signer,
    trust: Trust,
    tmp_path: Path,
) -> None:
    honest = changed(make_verdict(verified=False), "tests", status="failed")
    path = write(make_contents(verdict=honest), signer, CapsuleStore(tmp_path)).path
    report = await verify_capsule(path, Replay(make_verdict()), trust=trust)
    assert report.authentic
    assert all(r.holds for r in report.reruns)
    assert not report.claims_verified
    assert not report.verified
    assert "does not claim to be verified (types skipped, tests failed)" in report.problems[0].detail


async def test_an_unknown_signer_is_run_and_not_verified(capsule_path: Path, make_verdict: MakeVerdict) -> None:
    report = await verify_capsule(capsule_path, Replay(make_verdict()), trust=Trust())
    assert report.signature == "unknown_key"
    assert len(report.reruns) == 4
    assert not report.verified


@pytest.fixture
def altered_path(capsule_path: Path) -> Path:
    data = capsule_path.read_bytes()
    capsule_path.write_bytes(data.replace(b"return 12", b"return 13"))
    return capsule_path


async def test_nothing_that_was_altered_is_run(altered_path: Path, trust: Trust, make_verdict: MakeVerdict) -> None:
    validate = Replay(make_verdict())
    report = await verify_capsule(altered_path, validate, trust=trust)
    assert not report.verified
    assert validate.seen == []


async def test_without_a_sandbox_it_is_not_verified_and_says_why(capsule_path: Path, trust: Trust) -> None:
    async def refused(files: tuple[SourceFile, ...], contract: InterfaceContract) -> Verdict:
        raise SandboxUnavailableError("no engine: apt-get install bubblewrap")

    report = await verify_capsule(capsule_path, refused, trust=trust)
    assert report.authentic
    assert not report.verified
    assert report.problems[0].code == "rerun_impossible"
    assert "apt-get install bubblewrap" in report.problems[0].detail


async def test_rerun_compares_what_an_opened_capsule_claims(capsule_path: Path, make_verdict: MakeVerdict) -> None:
    assert all(c.holds for c in await rerun(read_capsule(capsule_path), Replay(make_verdict())))


def test_no_report_can_say_verified_without_grounds() -> None:
    with pytest.raises(ValidationError, match="verified only by"):
        CapsuleReport(file="x", digest="", signature="ok", digests="ok", claims_verified=True, verified=True)
