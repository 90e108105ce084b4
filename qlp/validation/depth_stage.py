"""After a green test run: how much does it mean? Mutants that the tests must kill, lines that they must run."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable
from dataclasses import replace

from qlp.models import Finding
from qlp.validation.check import Check
from qlp.validation.checks import Room
from qlp.validation.depth import Depth
from qlp.validation.parts import Part
from qlp.validation.policy import Policy, TestsPolicy
from qlp.validation.project import Project

log = logging.getLogger(__name__)

_COVERAGE_SHARE = 0.3
"""Of the time that is left to the stage; one more test run under a tracer needs less than many mutants."""


async def deepen(
    room: Room, project: Project, checks: tuple[Check, ...], part: Part, policy: Policy, digest: str
) -> Part:
    """The part with what coverage and mutants showed. `digest` of the files is the seed: the same files, the same
    mutants."""
    asked = policy.tests
    purse = room.budget.stage("tests")
    left = min(purse.left(), max(0.0, policy.stage("tests").wall_s - part.wall_s))
    began = time.monotonic()
    if asked.coverage or asked.min_coverage is not None:
        from qlp.validation.coverage import measure_coverage

        wall_s = left * (_COVERAGE_SHARE if asked.mutants else 1.0)
        depth = await _readable(measure_coverage(room.sandbox, project, checks, room.recorder, wall_s=wall_s))
        part = _with(room, part, depth, _coverage(asked, depth))
    if asked.mutants and not (why := room.budget.used_up()):
        from qlp.validation.mutation import sample_mutants

        wall_s = max(0.0, left - (time.monotonic() - began))
        seed = int(digest.removeprefix("sha256:")[:8], 16)
        depth = await _readable(
            sample_mutants(room.sandbox, project, checks, room.recorder, count=asked.mutants, wall_s=wall_s, seed=seed)
        )
        part = _with(room, part, depth, _mutants(asked, depth))
    elif asked.mutants:
        part = replace(part, broken=f"no mutant was tried: {why}" if asked.min_killed is not None else part.broken)
    return replace(part, wall_s=part.wall_s + time.monotonic() - began)


async def _readable(probe: Awaitable[Depth]) -> Depth:
    """What the probe measured. Its reports come out of a sandbox in which the project's own code ran: one that cannot
    be read measures nothing."""
    try:
        return await probe
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        log.warning("the tests' depth could not be measured", exc_info=error)
        return Depth(reason=f"its report could not be read ({type(error).__name__}: {error})")


def _with(room: Room, part: Part, depth: Depth, verdict: Finding | str | None) -> Part:
    room.budget.spend(sum(e.cpu_s for e in depth.evidence))
    facts = {**part.facts, **depth.facts}
    if depth.reason:
        facts.setdefault("depth_reason", depth.reason)
    findings = (*part.findings, *depth.findings, *((verdict,) if isinstance(verdict, Finding) else ()))
    broken = "; ".join(filter(None, (part.broken, verdict if isinstance(verdict, str) else "")))
    return replace(part, findings=findings, evidence=part.evidence + depth.evidence, facts=facts, broken=broken)


def _coverage(asked: TestsPolicy, depth: Depth) -> Finding | str | None:
    """A finding where it is too low, a reason where it is asked for and could not be measured."""
    if asked.min_coverage is None:
        return None
    percent = depth.facts.get("coverage_percent")
    if not isinstance(percent, int | float):
        return f"the policy asks for coverage, which could not be measured: {depth.reason or 'no figure came'}"
    if percent >= asked.min_coverage * 100:
        return None
    message = f"the tests run {percent:.1f} % of the code's lines, the policy asks for {asked.min_coverage:.0%}"
    return Finding(rule="coverage-too-low", severity="high", message=message, tool="coverage", evidence=_last(depth))


def _mutants(asked: TestsPolicy, depth: Depth) -> Finding | str | None:
    if asked.min_killed is None:
        return None
    tried, killed = depth.facts.get("mutants_tried"), depth.facts.get("mutants_killed")
    if tried == 0:
        return None  # looked for and not found: code without a place to change, such as constants only
    if not isinstance(tried, int | float) or not isinstance(killed, int | float):
        return f"the policy asks for mutants, of which none could be tried: {depth.reason or 'no figure came'}"
    if killed / tried >= asked.min_killed or any(f.rule == "tests-cannot-fail" for f in depth.findings):
        return None
    message = (
        f"the tests noticed {int(killed)} of {int(tried)} small faults put into the code; the policy asks for "
        f"{asked.min_killed:.0%}: test the results, not only that the code runs"
    )
    return Finding(rule="tests-too-weak", severity="high", message=message, tool="mutants", evidence=_last(depth))


def _last(depth: Depth) -> str | None:
    return depth.evidence[-1].id if depth.evidence else None
