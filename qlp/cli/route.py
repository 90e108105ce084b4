"""`qlp route ...`: over the store on this machine."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from qlp.cli.screen import err, out, print_json
from qlp.config import Settings
from qlp.errors import InputError
from qlp.models import Request
from qlp.routing.explain import Route, explain_route
from qlp.routing.replay_log import named_policy, replay_policy
from qlp.routing.store import RouteStore
from qlp.store.engine import Database, sqlite_url

if TYPE_CHECKING:
    from qlp.routing.decision import Estimate
    from qlp.routing.replay import Estimated, Replay

_SPAN = re.compile(r"([1-9][0-9]{0,4})([dhw])")
_SECONDS = {"h": 3600, "d": 86_400, "w": 604_800}


def explain_request(request: Request, *, tenant: str, as_json: bool) -> None:
    settings = Settings()
    route = asyncio.run(explain_route(request, settings, Database(sqlite_url(settings.home)), tenant=tenant))
    if as_json:
        print_json(route.model_dump(mode="json"))
    else:
        _show(route)


def replay_log(policy: str, *, since: str | None, tenant: str | None, as_json: bool) -> None:
    settings = Settings()
    chosen = named_policy(policy, settings.routing)
    begin = 0.0 if since is None else time.time() - _span(since)
    store = RouteStore(Database(sqlite_url(settings.home)))
    result = replay_policy(asyncio.run(store.log(tenant=tenant, since=begin)), chosen)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _show_replay(result)


def _show(route: Route) -> None:
    screen = out()
    screen.print(f"{route.tier}  {route.model or route.generator}" + (f"  n={route.n}" if route.model else ""))
    for reason in route.reasons:
        screen.print(f"  {reason}", markup=False)
    if route.decision is None:
        return
    for said in route.decision.overrides:
        screen.print(f"  {said}", markup=False)
    screen.print("")
    head = f"{'way':<24} {'verified':>8} {'80 %':>13} {'cost':>9} {'per success':>11} {'80 %':>19} {'s':>6} {'seen':>5}"
    screen.print(head, markup=False)
    for estimate in (route.decision.chosen, *route.decision.alternatives):
        screen.print(_line(estimate), markup=False)


def _line(e: Estimate) -> str:
    cost, sure = e.cost_per_success, e.success
    between = f"{sure.low:.2f} to {sure.high:.2f}"
    costs = f"{cost.low:.4f} to {cost.high:.4f}"
    line = (
        f"{e.name:<24} {sure.mean:>8.2f} {between:>13} {e.cost_usd:>9.4f} {cost.mean:>11.4f} {costs:>19} "
        f"{e.seconds:>6.0f} {e.observed:>5.0f}"
    )
    return line if e.allowed else f"{line}  no: {e.why_not}"


def _show_replay(replay: Replay) -> None:
    screen = out()
    screen.print(f"policy {replay.policy} on {replay.rows} logged decisions", markup=False)
    screen.print(f"{'':<22} {'verified':>22} {'US dollars a task':>28} {'per verified success':>28}", markup=False)
    named: tuple[tuple[str, Estimated], ...] = (
        ("what happened", replay.logged),
        ("doubly robust", replay.dr),
        ("inverse propensity", replay.ips),
        ("model alone", replay.dm),
    )
    for name, e in named:
        verified = f"{e.success.value:.3f} [{e.success.low:.3f}, {e.success.high:.3f}]"
        cost = f"{e.cost_usd.value:.5f} [{e.cost_usd.low:.5f}, {e.cost_usd.high:.5f}]"
        ratio = e.cost_per_success
        screen.print(
            f"{name:<22} {verified:>22} {cost:>28} {f'{ratio.value:.5f} [{ratio.low:.5f}, {ratio.high:.5f}]':>28}",
            markup=False,
        )
    screen.print(f"worth {replay.effective_rows:.0f} decisions of this policy (95 % intervals)", markup=False)
    for warning in replay.warnings:
        err().print(warning, markup=False)


def _span(text: str) -> float:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise InputError(f"{text!r} is no span of time: write 30d, 12h or 2w")
    return float(int(found[1]) * _SECONDS[found[2]])
