"""From the log of decisions to the rows of an offline replay, and the policies that can be replayed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from qlp.config import RoutingSettings
from qlp.errors import InputError
from qlp.models._base import Frozen
from qlp.routing.limits import PolicyName
from qlp.routing.memory import spent_on
from qlp.routing.policies import Policy, Table, policy_of
from qlp.routing.priors import priors
from qlp.routing.replay import Replay, Row, replayed
from qlp.routing.store import Logged


class PolicyFile(Frozen):
    """A policy written by hand: `{"name": "...", "arms": {"d3": "t2 > t3", "default": "t1 > t2 > t3"}}`."""

    name: str = "file"
    arms: dict[str, str]
    """Cell (`python/code/d2`), difficulty (`d0` to `d4`) or `default` -> name of an arm."""


def named_policy(text: str, settings: RoutingSettings) -> Policy:
    """One of the built-in policies by name, or a file. Raises InputError."""
    names: tuple[PolicyName, ...] = get_args(PolicyName)
    known: PolicyName | None = next((n for n in names if n == text), None)
    if known is not None:
        return policy_of(known, explore=settings.explore, warm=True)
    path = Path(text)
    if not path.is_file():
        raise InputError(f"{text!r} is neither a policy ({', '.join(names)}) nor a file that describes one")
    try:
        table = PolicyFile.model_validate(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise InputError(f'{text} is no policy: it looks like {{"arms": {{"default": "t1 > t2"}}}}: {error}') from error
    return Table(table.name, table.arms)


def replay_policy(log: Iterable[Logged], policy: Policy) -> Replay:
    """By the estimates that were logged with each decision; `learned` is replayed with the chances that it had then.

    Decisions that a request or a rule had already made (one arm allowed) say nothing and are left out. Raises
    InputError if nothing is left.
    """
    rows = [row for one in log if (row := _row(one, policy)) is not None]
    if not rows:
        raise InputError(
            "there is no decision to replay yet: runs whose routing was free, and whose verdict is known, are kept"
        )
    return replayed(policy.name, rows)


def _row(one: Logged, policy: Policy) -> Row | None:
    decision, outcome = one.decision, one.outcome
    estimates = (decision.chosen, *decision.alternatives)
    if sum(e.allowed for e in estimates) < 2 or decision.chosen.propensity <= 0 or outcome.verified is None:
        return None
    logged = tuple(e.propensity for e in estimates)
    return Row(
        cell=decision.features.cell,
        coarse=decision.features.coarse,
        arms=tuple(e.name for e in estimates),
        chosen=0,
        logged=logged,
        target=policy.probabilities(decision.features, estimates, tuple(e.wins for e in estimates)),
        verified=float(outcome.verified),
        cost_usd=spent_on(decision, outcome, priors()),
    )
