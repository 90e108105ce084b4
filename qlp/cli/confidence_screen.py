"""Confidence in words and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qlp.cli.screen import err, out
from qlp.confidence.outcomes import CellState
from qlp.models import Confidence, Decision

if TYPE_CHECKING:
    from qlp.confidence.measure.report import Section

_COVERAGES = ("0.1", "0.3", "0.5", "0.7", "0.9")


def show_contributions(confidence: Confidence, decision: Decision, because: str) -> None:
    screen = out()
    between = f" (90 %: {confidence.interval[0]:.2f} to {confidence.interval[1]:.2f})" if confidence.interval else ""
    screen.print(f"P(right) {confidence.probability:.2f}{between}  {confidence.label}", markup=False)
    screen.print(f"model    {confidence.formula}  {confidence.model_digest}", markup=False)
    told = f"{confidence.outcomes} outcomes of {confidence.generator}" if confidence.generator else "no generator"
    screen.print(f"rests on {told}", markup=False)
    screen.print(f"decision {decision.replace('_', ' ')}: {because}", markup=False)
    screen.print("")
    screen.print(f"{'what':<28} {'value':>9} {'log-odds':>9}", markup=False)
    for c in confidence.contributions:
        value = "" if c.value is None else f"{c.value:.3f}"
        screen.print(f"{c.feature:<28} {value:>9} {c.effect:>+9.2f}", markup=False)
    total = sum(c.effect for c in confidence.contributions)
    screen.print(f"{'sum':<28} {'':>9} {total:>+9.2f}", markup=False)


def show_sections(title: str, sections: Sequence[Section | dict[str, Any]]) -> None:
    screen = out()
    screen.print(f"\n{title}", markup=False)
    head = f"{'set':<22} {'generator':<22} {'rows':>6} {'right':>6} {'AUROC':>6} {'in task':>7} {'in model':>8}"
    risks = " ".join(f"{'@' + c:>6}" for c in _COVERAGES)
    screen.print(f"{head} {'skill':>6} {'ECE':>6} {'90 %':>13}  wrong {risks}", markup=False)
    for section in sections:
        s = section if isinstance(section, dict) else section.model_dump()
        between = f"{s['ece_low']:.3f}-{s['ece_high']:.3f}"
        screen.print(
            f"{s['set'][:22]:<22} {s['generator'][:22]:<22} {s['rows']:>6} {s['right']:>6.2f} {_n(s['auroc'], 6)} "
            f"{_n(s['within_task'], 7)} {_n(s['within_model'], 8)} {_n(s['skill'], 6)} {s['ece']:>6.3f} {between:>13}"
            f"        {' '.join(_n(s['risk'][c], 6) for c in _COVERAGES)}",
            markup=False,
        )


def show_model_report(report: dict[str, Any]) -> None:
    screen = out()
    for name, about in report["sets"].items():
        languages = ", ".join(about["languages"])
        screen.print(
            f"  {name:<24} {about['rows']:>6} rows, {about['tasks']} tasks, {about['generators']} generators, "
            f"{about['right']:.0%} right ({languages})",
            markup=False,
        )
    for kind in report["kinds"]:
        screen.print(f"\n[bold]{kind['kind']}[/]: {kind['candidate']}, {kind['map']}")
        for held in kind["held"]:
            whole = [s for s in held["before"] if s["generator"] == "all"]
            show_sections(f"held out: {held['meaning']}; no outcomes of a generator", whole)
            show_sections("the same, after 100 outcomes of each generator", [
                s for s in held["after"] if s["generator"] == "all"
            ])  # fmt: skip
        screen.print("\nmean effect on the log-odds", markup=False)
        for name, effect in list(kind["effects"].items())[:12]:
            screen.print(f"  {name:<28} {effect:.3f}", markup=False)
        screen.print("\naccepted at a promised share of wrong ones", markup=False)
        for t in kind["thresholds"]:
            level = "none keeps it" if t["threshold"] is None else f"P >= {t['threshold']:.3f}"
            screen.print(f"  {t['target']:.1%}: {level:<16} accepts {t['coverage']:.0%}", markup=False)
        for t in kind["twins"]:
            screen.print(f"  {t['set']}: buggy below fixed in {t['below']:.1%} of {t['pairs']} pairs", markup=False)
    screen.print("\ngoals", markup=False)
    for goal in report["goals"]:
        met = {True: "met", False: "NOT met", None: "not measured"}[goal["met"]]
        screen.print(f"  {met:<12} {_n(goal['measured'], 7)} {goal['goal']:<8} {goal['name']}", markup=False)


def show_states(states: Sequence[CellState]) -> None:
    if not states:
        err().print("\nno outcomes told yet: qlp confidence outcome RUN --correct (or --wrong)", markup=False)
        return
    screen = out()
    screen.print("\noutcomes by generator", markup=False)
    for s in states:
        drift = f"ECE {s.drift.ece:.3f} (chance: {s.drift.bound:.3f})" if s.drift else "too few calibrated for drift"
        alerts = f", {s.alerts} drift alerts" if s.alerts else ""
        screen.print(
            f"  {s.cell.generator} ({s.cell.language}, {s.cell.kind}): {s.outcomes} outcomes, right {s.right:.2f}, "
            f"predicted {s.predicted:.2f}, {drift}{alerts}",
            markup=False,
        )


def _n(value: float | None, width: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:>{width}.3f}"
