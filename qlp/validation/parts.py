"""What one toolchain found in one stage, and how a stage's result is made of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from qlp.models import SEVERITIES, Evidence, Finding, Stage, StageResult, at_least
from qlp.validation.check import Skip
from qlp.validation.policy import Policy

Facts = dict[str, int | float | str]

FINDINGS = 500
"""Findings kept of one stage, the worst first; how many more there were is the fact `findings_dropped`."""
NOTHING_TO_CHECK = Skip("no file of this project has such a stage", applicable=False)


@dataclass(frozen=True)
class Part:
    """One toolchain's share of a stage."""

    stage: Stage
    toolchain: str
    main: bool
    """Of the project's main toolchain."""
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    facts: Facts = field(default_factory=dict)
    broken: str = ""
    """Why nothing, or not everything, was checked: the tool itself failed."""
    unavailable: str = ""
    """Why its sandbox could not be had."""
    skip: Skip | None = None
    blocked: str = ""
    """Why it was not begun: what it needs failed, and that is a failure."""
    wall_s: float = 0.0

    @property
    def checked(self) -> bool:
        return not (self.skip or self.unavailable or (self.broken and not self.evidence))


def add_facts(into: Facts, more: Facts) -> Facts:
    """Numbers add up, anything else is replaced."""
    total = dict(into)
    for name, value in more.items():
        before = total.get(name)
        if isinstance(before, int | float) and isinstance(value, int | float):
            total[name] = before + value
        else:
            total[name] = value
    return total


def merge(stage: Stage, parts: Sequence[Part], policy: Policy) -> StageResult:
    """The stage's result. `parts` in the order in which findings and evidence are to be listed, main first."""
    asked = policy.stage(stage)
    findings = [f for p in parts for f in p.findings]
    evidence = tuple(e for p in parts for e in p.evidence)
    facts: Facts = {}
    for part in parts:
        facts = add_facts(facts, part.facts)
    wall_s = round(max((p.wall_s for p in parts), default=0.0), 3)
    broken = [p.broken for p in parts if p.broken]
    missing = {p.toolchain: p.unavailable for p in parts if p.unavailable}
    if missing:
        facts["not_checked"] = ", ".join(sorted(missing))
    reasons = [*broken, *(f"{name} was not checked: {why}" for name, why in sorted(missing.items()))]
    if policy.complete and missing:
        broken = reasons
    blocked = next((p.blocked for p in parts if p.blocked), "")
    kept = _worst(findings)
    if len(kept) < len(findings):
        facts["findings_dropped"] = len(findings) - len(kept)
    if blocked or any(at_least(f.severity, asked.fail_at) for f in findings):
        reasons = [blocked, *reasons] if blocked else reasons
        status = "failed"
    elif broken:
        status = "errored"
    elif any(p.checked for p in parts):
        status = "passed"
    else:
        skip = _skip(parts)
        return StageResult(
            stage=stage,
            status="skipped",
            reason="; ".join(reasons) or skip.reason,
            applicable=bool(missing) or skip.applicable,
            evidence=evidence,
            facts=facts,
        )
    return StageResult.model_validate(
        {
            "stage": stage,
            "status": status,
            "reason": "; ".join(dict.fromkeys(reasons)),
            "findings": tuple(kept),
            "evidence": evidence,
            "wall_s": wall_s,
            "facts": facts,
        }
    )


def _skip(parts: Iterable[Part]) -> Skip:
    """What the main toolchain says about its own stage counts; another one's excuse does not."""
    return next((p.skip for p in parts if p.main and p.skip is not None), NOTHING_TO_CHECK)


def _worst(findings: Sequence[Finding]) -> list[Finding]:
    """At most FINDINGS of them, those of the highest severity, in the order in which they came."""
    if len(findings) <= FINDINGS:
        return list(findings)
    order = sorted(range(len(findings)), key=lambda i: (-SEVERITIES.index(findings[i].severity), i))
    return [findings[i] for i in sorted(order[:FINDINGS])]
