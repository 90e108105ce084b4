"""Requests, fleets and routers for tests of routing: nothing is asked, everything is in the test's own store."""

from __future__ import annotations

from pathlib import Path

from qlp.config import ExperimentSettings, ModelSettings, RoutingSettings, Settings
from qlp.models import Analysis, ProjectSpec, Request, Task, Tier
from qlp.routing.arms import Rung
from qlp.routing.decision import RouteDecision, RouteOutcome, TryOutcome
from qlp.routing.experiments.store import ExperimentStore
from qlp.routing.router import Router
from qlp.routing.store import RouteStore
from qlp.store.engine import Database, sqlite_url

PRICES: dict[Tier, tuple[float, float]] = {"t0": (0.1, 0.4), "t1": (0.5, 2.0), "t2": (3.0, 15.0), "t3": (3.0, 15.0)}
TASK = Task(id="code", kind="code", title="Code", complexity="medium")


def fleet(*tiers: Tier) -> tuple[Rung, ...]:
    return tuple(Rung(tier=t, model=f"m:{t}", input_usd=PRICES[t][0], output_usd=PRICES[t][1]) for t in tiers)


def request(text: str = "write a parser for invoices", **fields: object) -> Request:
    return Request.model_validate({"text": text, **fields})


def analysis(**fields: object) -> Analysis:
    spec = ProjectSpec(name="p", kind="function", language="python", summary="s")
    return Analysis.model_validate({"spec": spec, "complexity": "medium", **fields})


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


class Bench:
    """A router over a store of its own."""

    def __init__(
        self,
        home: Path,
        routing: RoutingSettings = RoutingSettings(),
        *,
        tiers: tuple[Tier, ...] = ("t1", "t2", "t3"),
        attempts: int = 3,
        n: int = 1,
        experiments: dict[str, ExperimentSettings] | None = None,
    ) -> None:
        self.database = Database(sqlite_url(home))
        self.clock = Clock()
        self.store = RouteStore(self.database, clock=self.clock)
        self.experiments = ExperimentStore(self.database, experiments or {}, clock=self.clock)
        settings = Settings(home=home, routing=routing, models=ModelSettings(n=n, max_attempts=attempts))

        async def found(asked: tuple[Tier, ...], others: dict[Tier, str]) -> tuple[Rung, ...]:
            return tuple(r.model_copy(update={"model": others.get(r.tier, r.model)}) for r in fleet(*asked))

        self.router = Router(settings, self.store, found, tiers, self.experiments)

    async def decide(
        self, run: str = "run_1", *, tenant: str = "local", task: Task = TASK, round: int = 0, **fields: object
    ) -> RouteDecision:
        return await self.router.decide(request(**fields), analysis(), task, run_id=run, tenant=tenant, round=round)

    async def learn(self, run: str, verified: bool, *, tenant: str = "local", cost: float = 0.01) -> RouteDecision:
        """One decision whose first try is told."""
        decision = await self.decide(run, tenant=tenant)
        await self.router.record(told(decision, verified, cost=cost))
        return decision


def told(decision: RouteDecision, verified: bool | None, *, cost: float | None = 0.01) -> RouteOutcome:
    """The first try ended so."""
    one = TryOutcome(
        tier=decision.tier, model=decision.model, n=decision.n, verified=verified, cost_usd=cost, seconds=5.0
    )
    return RouteOutcome(decision_id=decision.id, tries=(one,), seconds=5.0, verified=verified)
