"""A verdict as a person reads it: stages, the worst findings first, what to do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlp.cli.progress import facts_line
from qlp.cli.screen import out
from qlp.models import Finding, StageResult
from qlp.models.finding import SEVERITIES

if TYPE_CHECKING:
    from qlp.validation.outcome import Validation

TOP = 12
"""Findings shown; the reports and --json hold all."""
_MESSAGE_CHARS = 300
_WORDS = {
    "accept": "[bold green]VERIFIED[/]",
    "reject": "[bold red]FAILED[/]",
    "unverified": "[bold yellow]UNVERIFIED[/]",
}


def stage_line(stage: StageResult) -> str:
    """Progress: one line when a stage has ended."""
    said = facts_line(stage.facts, stage.reason, len(stage.findings))
    return f"  {stage.stage:<10} {stage.status:<8} {stage.wall_s:6.1f} s  {said}"


def show_verdict(validation: Validation) -> None:
    screen = out()
    screen.print(_WORDS[validation.decision], end="")
    cached = ", known since " + validation.cached_at.strftime("%Y-%m-%d %H:%M") if validation.cached_at else ""
    screen.print(f"  policy {validation.policy}{cached}", markup=False)
    for stage in validation.stages:
        need = "required" if stage.stage in validation.required else ""
        said = facts_line(stage.facts, stage.reason, len(stage.findings))
        screen.print(f"  {stage.stage:<10} {stage.status:<8} {need:<9} {said}".rstrip(), markup=False)
    found = sorted(validation.findings, key=lambda f: -SEVERITIES.index(f.severity))
    for finding in found[:TOP]:
        _show(finding)
    if len(found) > TOP:
        screen.print(f"  and {len(found) - TOP} more: --json, --sarif or --junit show all", markup=False)
    for opinion in (o for o in validation.opinions if o.evidence is None):
        _show(opinion, said_by=f"opinion of {opinion.tool}: ")
    for name, why in validation.opinions_skipped.items():
        screen.print(f"  no opinion on {name}: {why}", markup=False)


def _show(finding: Finding, said_by: str = "") -> None:
    screen = out()
    place = ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part) or "project"
    lines = finding.message[:_MESSAGE_CHARS].splitlines() or [""]
    tool = f"{finding.tool} " if finding.tool and not said_by else ""
    screen.print(f"  {finding.severity:<8} {place}  {said_by}{lines[0]}  [{tool}{finding.rule}]", markup=False)
    for line in lines[1:4]:
        screen.print(f"             {line}", markup=False)
    if finding.fix:
        screen.print(f"             fix: {finding.fix.splitlines()[0]}", markup=False)
