"""What is known of a green test run beyond its being green: can it fail, and how much of the code does it run."""

from __future__ import annotations

from dataclasses import dataclass, field

from qlp.models import Evidence, Finding


@dataclass(frozen=True)
class Depth:
    """What a probe of the tests measured.

    A fact that could not be measured is absent, never 0; `reason` then says why.
    """

    facts: dict[str, int | float | str] = field(default_factory=dict)
    """mutants_tried, mutants_killed, mutants_invalid; coverage_percent, coverage_lines."""
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
