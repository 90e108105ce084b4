"""What can be chosen: where on the ladder of tiers to start, which rungs follow a failure, and how many candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import get_args

from qlp.models import Tier
from qlp.models._base import Frozen

TIERS: tuple[Tier, ...] = get_args(Tier)

_ANY = "any"
PROJECT = "project"
"""What failed before the first try of a repair: the verification of the whole project."""


class Rung(Frozen):
    """A tier and the model that serves it. Prices in US dollars for a million tokens; None: unknown."""

    tier: Tier
    model: str
    """`provider:model`."""
    input_usd: float | None = None
    output_usd: float | None = None

    @property
    def priced(self) -> bool:
        return self.input_usd is not None and self.output_usd is not None


class Try(Frozen):
    """One try of a ladder, as far as outcomes are told apart."""

    tier: Tier
    model: str
    n: int
    after: str = ""
    """What failed before: the last tier and how many tries, as `t1:2`; `project`; or empty for the first try."""

    @property
    def key(self) -> str:
        return f"{self.tier}|{self.model}|{self.n}|{self.after}"

    @property
    def cost_key(self) -> str:
        """A try costs about the same whatever failed before: looked at together."""
        return f"{self.tier}|{self.model}|{self.n}|{_ANY}"


class Arm(Frozen):
    """A ladder of rungs from the first try to the last, and the candidates that each try draws."""

    ladder: tuple[Rung, ...]
    n: int = 1

    @property
    def name(self) -> str:
        """`t1 > t2`, or `t1 > t2 n=4`."""
        return " > ".join(r.tier for r in self.ladder) + (f" n={self.n}" if self.n > 1 else "")

    @property
    def tiers(self) -> tuple[Tier, ...]:
        return tuple(r.tier for r in self.ladder)

    def tries(self, max_attempts: int, *, repair: bool = False) -> tuple[tuple[Rung, Try], ...]:
        """In their order if each fails, as `qlp.agents.loop.Escalation` goes: a try a rung, the rest at the top."""
        rungs = list(self.ladder[:max_attempts])
        rungs += [self.ladder[-1]] * (max_attempts - len(rungs))
        found: list[tuple[Rung, Try]] = []
        for failures, rung in enumerate(rungs):
            after = after_failures(rungs[failures - 1].tier if failures else None, failures, repair=repair)
            found.append((rung, Try(tier=rung.tier, model=rung.model, n=candidates_of(rung.tier, self.n), after=after)))
        return tuple(found)


def after_failures(last: Tier | None, failures: int, *, repair: bool) -> str:
    """Whoever failed last and how often somebody did: who comes next meets a task that is harder than it looked."""
    if last is None or not failures:
        return PROJECT if repair else ""
    return f"{last}:{failures}"


def candidates_of(tier: Tier, n: int) -> int:
    """T3 is one agent in one session, whatever `n` says."""
    return 1 if tier == "t3" else n


def arms_of(fleet: Iterable[Rung], candidates: Sequence[int], *, repair: bool = False) -> tuple[Arm, ...]:
    """Every way up the fleet that ends at its top: a rung may be left out, but nobody gives up half-way.

    A start at t2 with the model of t1 is no arm of its own: its first try would be the same call. In a repair there
    is something to mend already, which t0 and t1 cannot, so these are left out if anything is above them.
    """
    rungs = sorted(fleet, key=lambda r: TIERS.index(r.tier))
    if repair:
        rungs = [r for r in rungs if r.tier in ("t2", "t3")] or rungs[-1:]
    counts = sorted(set(candidates))
    model_of = {r.tier: r.model for r in rungs}
    found: list[Arm] = []
    for size in range(len(rungs), 0, -1):
        for lower in combinations(rungs[:-1], size - 1):
            ladder = (*lower, rungs[-1])
            if ladder[0].tier == "t2" and model_of.get("t1") == ladder[0].model:
                continue
            found += [Arm(ladder=ladder, n=n) for n in counts if n == 1 or any(r.tier != "t3" for r in ladder)]
    return tuple(found)


def forced_arm(fleet: Iterable[Rung], tier: Tier, n: int) -> Arm | None:
    """A tier that is asked for is the whole ladder; None if nothing serves it."""
    rung = next((r for r in fleet if r.tier == tier), None)
    return None if rung is None else Arm(ladder=(rung,), n=n)
