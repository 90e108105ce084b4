"""Runs again what the evidence claims, and compares stage by stage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping

from qlp.capsule.read import Capsule
from qlp.capsule.report import StageComparison
from qlp.models import InterfaceContract, SourceFile, StageResult, Verdict

Validate = Callable[[tuple[SourceFile, ...], InterfaceContract], Awaitable[Verdict]]
"""Validates a project in a fresh sandbox; raises SandboxError if there is none."""

RANK: Mapping[str, int] = {"failed": 0, "errored": 1, "skipped": 2, "passed": 3}
"""How much a status says in a project's favour; a claim holds if the re-run says as much or more."""
AT_LEAST = ("_passed", "_requests", "runs")
"""Endings of facts that must not shrink."""
AT_MOST = ("_failed", "_errors")
"""Endings of facts that must not grow."""


async def rerun(capsule: Capsule, validate: Validate) -> tuple[StageComparison, ...]:
    """One comparison for each stage that the capsule claims. Raises CapsuleError, and what `validate` raises."""
    claimed = capsule.verdict()
    again = await validate(capsule.project(), capsule.manifest.plan.contract)
    return tuple(compare(stage, again.stage(stage.stage)) for stage in claimed.stages)


def compare(claimed: StageResult, again: StageResult | None) -> StageComparison:
    """A worse status or a worse count breaks the claim; other versions and images are told and break nothing."""
    if again is None:
        problem = f"the capsule says {claimed.status}, and the stage was not run again"
        return StageComparison(
            stage=claimed.stage, claimed=claimed.status, rerun="missing", holds=False, problems=(problem,)
        )
    problems, differences = [], []
    if RANK[again.status] < RANK[claimed.status]:
        problems.append(f"the capsule says {claimed.status}, running it again gave {again.status}{_why(again)}")
    elif again.status != claimed.status:
        differences.append(f"{claimed.status} in the capsule, {again.status} now")
    for name, worse, text in _count_changes(claimed, again):
        (problems if worse else differences).append(f"{name}: {text}")
    differences += _tool_changes(claimed, again)
    return StageComparison(
        stage=claimed.stage,
        claimed=claimed.status,
        rerun=again.status,
        holds=not problems,
        problems=tuple(problems),
        differences=tuple(differences),
    )


def _why(again: StageResult) -> str:
    if again.findings:
        return f" ({again.findings[0].message.strip().splitlines()[0][:200]})" if again.findings[0].message else ""
    return f" ({again.reason})" if again.reason else ""


def _count_changes(claimed: StageResult, again: StageResult) -> Iterator[tuple[str, bool, str]]:
    """(fact, whether it breaks the claim, text) of every whole-numbered fact that differs; times always differ."""
    for name, before in claimed.facts.items():
        now = again.facts.get(name)
        if isinstance(before, float) or now == before:
            continue
        shown = "nothing" if now is None else now
        worse = False
        if isinstance(before, int) and name.endswith(AT_LEAST):
            worse = not isinstance(now, int) or now < before
        elif isinstance(before, int) and name.endswith(AT_MOST):
            worse = isinstance(now, int) and now > before
        yield name, worse, f"{before} in the capsule, {shown} now"


def _tool_changes(claimed: StageResult, again: StageResult) -> Iterator[str]:
    before, now = _versions(claimed), _versions(again)
    for tool in sorted(before.keys() & now.keys()):
        if before[tool] != now[tool]:
            yield f"{tool}: version {', '.join(before[tool])} in the capsule, {', '.join(now[tool])} now"
    images, present = _images(claimed), _images(again)
    if images and present and images != present:
        yield f"image: {', '.join(images)} in the capsule, {', '.join(present)} now"


def _versions(stage: StageResult) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for piece in stage.evidence:
        if piece.tool and piece.tool_version:
            found.setdefault(piece.tool, set()).add(piece.tool_version)
    return {tool: sorted(versions) for tool, versions in found.items()}


def _images(stage: StageResult) -> list[str]:
    return sorted({f"{e.isolation.backend} {e.isolation.image}@{e.isolation.image_digest}" for e in stage.evidence})
