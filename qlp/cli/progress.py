"""A run's events as a person sees them: plan, estimate, and a table of stages that fills up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.live import Live
from rich.table import Table
from rich.text import Text

from qlp.cli.screen import err
from qlp.models import STAGES, Event

_MARK = {"passed": ("passed", "green"), "failed": ("FAILED", "bold red"), "skipped": ("skipped", "yellow")}


def facts_line(facts: dict[str, Any], reason: str = "", findings: int = 0) -> str:
    """`14 tests passed, 9 smoke requests`; the reason where a stage was skipped."""
    if reason:
        return reason
    words = [
        f"{facts[key]} {word}"
        for key, word in (
            ("files", "files"),
            ("tests_passed", "tests passed"),
            ("tests_failed", "tests failed"),
            ("smoke_requests", "requests"),
            ("smoke_failed", "wrong answers"),
            ("runs", "runs"),
        )
        if facts.get(key)
    ]
    if "ready_s" in facts:
        words.append(f"ready after {facts['ready_s']} s")
    if findings:
        words.append(f"{findings} finding{'s' if findings > 1 else ''}")
    return ", ".join(words)


class LiveRun:
    """Draws on a terminal, prints one line an event elsewhere. Use as a context manager and feed `show`."""

    def __init__(self, *, history: Callable[[str], str] = lambda _: "") -> None:
        self._history = history
        self._stages: dict[str, dict[str, Any]] = {}
        self._tasks: dict[str, str] = {}
        self._live: Live | None = None

    def __enter__(self) -> LiveRun:
        if err().is_terminal:
            self._live = Live(self._table(), console=err(), refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            if self._stages:
                err().print(self._table())

    def show(self, event: Event) -> None:
        line = self._line(event)
        if line and (self._live is None or not event.type.startswith("run.stage")):
            err().print(line, markup=False)
        if self._live is not None:
            self._live.update(self._table())

    def _line(self, event: Event) -> str:
        data = event.data
        match event.type:
            case "run.created":
                return f"run {event.run_id}"
            case "run.analysis.ready":
                made_of = f" of {', '.join(data['entities'])}" if data.get("entities") else ""
                assumed = "".join(f"\n  assumed: {a}" for a in data.get("assumptions", []))
                return f"understood: {data['kind'].replace('_', ' ')}{made_of} in {data['language']}{assumed}"
            case "run.plan.ready":
                self._tasks = {t["id"]: "waiting" for t in data["tasks"]}
                tasks = "".join(
                    f"\n  {t['id']:<12} {t['title']}"
                    + (f"  (after {', '.join(t['depends_on'])})" if t["depends_on"] else "")
                    for t in data["tasks"]
                )
                estimate = data.get("estimate", {})
                took = self._history(data["generator"]) or "time unknown: first of its kind here"
                return (
                    f"plan: {len(data['tasks'])} tasks, {len(data['files'])} files, {data['routes']} smoke requests, "
                    f"by {data['generator']}{tasks}\n"
                    f"estimate: {_money(estimate)}, {took}"
                )
            case "run.task.completed":
                self._tasks[data["task"]] = "done"
                return f"  {data['task']:<12} done: {len(data['files'])} files"
            case "run.task.failed":
                return f"  {data['task']:<12} failed: {data['detail']}"
            case "run.repair.started":
                return f"  repair: {data.get('reason') or ', '.join(data.get('tasks', []))}"
            case "run.stage.completed":
                self._stages[data["stage"]] = data
                said = facts_line(data["facts"], data["reason"], data["findings"])
                return f"  {data['stage']:<10} {data['status']:<8} {data['wall_s']:6.1f} s  {said}"
            case "run.cancelled":
                return "cancelled"
            case "run.budget.warning":
                used = f"${data['used_usd']} of ${data['cap_usd']}"
                return f"  budget     {used} is used ({data['scope']}, {data['period']})"
            case "run.input_required":
                return "waits: what a budget allowed is used up"
            case _:
                return ""

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=bool(self._tasks))
        for column in ("stage", "status", "time", ""):
            table.add_column(column, style="dim" if column == "time" else "")
        if not self._tasks:
            return table
        for stage in STAGES:
            data = self._stages.get(stage)
            if data is None:
                table.add_row(stage, Text("...", style="dim"), "", "")
                continue
            word, style = _MARK.get(data["status"], (data["status"], "bold red"))
            said = facts_line(data["facts"], data["reason"], data["findings"])
            table.add_row(stage, Text(word, style=style), f"{data['wall_s']:.1f} s", said)
        return table


def _money(estimate: dict[str, Any]) -> str:
    most = estimate.get("model_calls_at_most", 0)
    if not most:
        return "$0.00 (no model call)"
    inward, outward = estimate.get("usd_per_mtok_in"), estimate.get("usd_per_mtok_out")
    price = "price unknown" if inward is None else f"${inward} / ${outward} per million tokens in / out"
    cap = estimate.get("cap_usd")
    limit = "no cap (--max-cost sets one)" if cap is None else f"at most ${cap}"
    return f"{estimate['model_calls_at_least']} to {most} model calls, {price}, {limit}"
