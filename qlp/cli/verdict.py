"""The closing screen of a run: verdict with its evidence, confidence, cost, and where the capsule is."""

from __future__ import annotations

from pathlib import Path

from qlp.cli.progress import facts_line
from qlp.cli.screen import out
from qlp.models import Outcome, Usage

_TOP = 4


def headline(outcome: Outcome) -> str:
    """What the evidence says, and what is to be done where that is not the same."""
    if outcome.verified:
        wait = "" if outcome.decision == "accept" else f" [bold yellow]{outcome.decision.replace('_', ' ')}[/]"
        return f"[bold green]VERIFIED[/]{wait}"
    if outcome.decision == "reject":
        return "[bold red]FAILED[/]"
    return "[bold yellow]UNVERIFIED[/]"


def cost_words(usage: Usage) -> str:
    if not usage.calls:
        return "$0.00, no model call"
    tokens = f"{usage.calls} model calls, {usage.input_tokens} tokens in, {usage.output_tokens} out"
    return f"{'price unknown' if usage.cost_usd is None else f'${usage.cost_usd:.4f}'} ({tokens})"


def show_outcome(outcome: Outcome, capsule: Path | None, project: Path | None) -> None:
    screen = out()
    screen.print(headline(outcome), end="  ")
    screen.print(f"made by {outcome.generator}", markup=False)
    for stage in outcome.stages:
        said = facts_line(stage.facts, stage.reason, stage.findings)
        screen.print(f"  {stage.stage:<10} {stage.status:<8} {said}", markup=False)
    confidence = outcome.confidence
    features = [c for c in confidence.contributions if not c.feature.startswith("(")]
    moved = ", ".join(f"{c.feature} {c.effect:+.2f}" for c in features[:_TOP])
    between = f", {confidence.interval[0]:.2f} to {confidence.interval[1]:.2f}" if confidence.interval else ""
    screen.print(
        f"confidence {confidence.probability:.2f}{between} ({confidence.label}, {confidence.formula}: {moved})",
        markup=False,
    )
    if outcome.decided_because:
        decision = outcome.decision.replace("_", " ")
        screen.print(f"decision   {decision}: {outcome.decided_because}", markup=False)
    screen.print(f"cost       {cost_words(outcome.usage)}", markup=False)
    took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.timings.items())
    screen.print(f"time       {took}", markup=False)
    if capsule is not None:
        screen.print(f"capsule    {capsule}", markup=False)
    if project is not None:
        screen.print(f"project    {project}", markup=False)
