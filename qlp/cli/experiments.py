"""`qlp experiments ...`: over the store on this machine, all tenants."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from qlp.cli.screen import err, out, print_json
from qlp.config import Settings
from qlp.routing.experiments.store import ExperimentStore
from qlp.store.engine import Database, sqlite_url

if TYPE_CHECKING:
    from qlp.routing.experiments.report import ExperimentReport


def list_experiments(*, as_json: bool) -> None:
    reports = asyncio.run(_store().reports())
    if as_json:
        print_json({"object": "list", "data": [r.model_dump(mode="json") for r in reports]})
        return
    if not reports:
        err().print("no experiment is defined: routing.experiments in config.yaml, see docs/routing.md", markup=False)
    for report in reports:
        arms = ", ".join(f"{a.arm} {a.units}" + (" stopped" if a.stopped else "") for a in report.arms)
        out().print(f"{report.name:<20} by {report.unit:<7} {arms}", markup=False)


def show_experiment(name: str, *, as_json: bool) -> None:
    report = asyncio.run(_store().report(name))
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _show(report)


def _show(report: ExperimentReport) -> None:
    screen = out()
    screen.print(f"{report.name}  by {report.unit}, control {report.control}, version {report.version}", markup=False)
    screen.print(
        f"{'arm':<16} {'exposed':>7} {'units':>6} {'verified':>8} {'95 %':>16} {'usd':>9} {'per success':>11} {'s':>7}",
        markup=False,
    )
    for a in report.arms:
        if a.verified is None or a.verified_interval is None:
            screen.print(f"{a.arm:<16} {a.exposed:>7} {a.units:>6}  no outcome yet", markup=False)
            continue
        low, high = a.verified_interval
        per = "" if a.cost_per_success is None else f"{a.cost_per_success:.4f}"
        screen.print(
            f"{a.arm:<16} {a.exposed:>7} {a.units:>6} {a.verified:>8.3f} {f'{low:.3f} to {high:.3f}':>16} "
            f"{a.cost_usd or 0:>9.4f} {per:>11} {a.seconds or 0:>7.1f}",
            markup=False,
        )
        if a.stopped:
            screen.print(f"{'':<16} stopped: {a.stopped}", markup=False)
    for c in report.comparisons:
        screen.print(
            f"{c.arm} against {c.control}: {c.difference:+.3f} verified, p {c.p:.4f} of {c.needed:.4f} needed, "
            f"{c.blocks} pairs: {c.says}",
            markup=False,
        )


def _store() -> ExperimentStore:
    settings = Settings()
    return ExperimentStore(Database(sqlite_url(settings.home)), settings.routing.experiments)
