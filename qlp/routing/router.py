"""The seam of the pipeline: ask before a task, tell afterwards. Both belong inside durable steps."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from decimal import Decimal

from qlp.config import Settings
from qlp.errors import NoGeneratorError
from qlp.models import Analysis, Plan, Request, Task, Tier
from qlp.routing.arms import Arm, Rung, Try
from qlp.routing.decision import Assigned, RouteDecision, RouteOutcome
from qlp.routing.experiments.assignment import Difference
from qlp.routing.experiments.store import ExperimentStore, RunObserved
from qlp.routing.features import Features, features_of
from qlp.routing.fleet import TierModels, fleet_of, tiers_of
from qlp.routing.limits import Limits, allowed_rungs, limits_of
from qlp.routing.memory import beliefs_of, keys_of, spent_on
from qlp.routing.policies import Policy, policy_of
from qlp.routing.priors import priors
from qlp.routing.store import RouteStore
from qlp.routing.weigh import Weighed, open_arms, weigh
from qlp.store.engine import Database

Fleet = Callable[[tuple[Tier, ...], dict[Tier, str]], Awaitable[tuple[Rung, ...]]]
"""The rungs of these tiers, some with another model. Raises NoGeneratorError, ProviderError."""


class Router:
    """Deterministic given what was learned: the seed comes from the run, the round and the task."""

    def __init__(
        self,
        settings: Settings,
        store: RouteStore,
        fleet: Fleet,
        tiers: tuple[Tier, ...],
        experiments: ExperimentStore | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._fleet = fleet
        self._tiers = tiers
        self._experiments = experiments

    async def decide(
        self,
        request: Request,
        analysis: Analysis,
        task: Task | None,
        *,
        run_id: str,
        tenant: str,
        plan: Plan | None = None,
        round: int = 0,
        user: str | None = None,
    ) -> RouteDecision:
        """The same decision again for the same run, round and task. Raises NoGeneratorError, ProviderError,
        StorageError."""
        name = decision_id(run_id, round, task)
        kept = await self._store.find(name)
        if kept is not None:
            return kept
        assigned, difference = await self._assigned(run_id, tenant, user)
        features = features_of(request, analysis, task, plan, round=round)
        decision = await self._decision(name, request, features, run_id, task, tenant, assigned, difference)
        return await self._store.decided(decision)

    async def explain(self, request: Request, analysis: Analysis, *, tenant: str, run_id: str = "") -> RouteDecision:
        """What would be decided for the request as a whole; nothing is kept, and no experiment is entered."""
        features = features_of(request, analysis)
        name = decision_id(run_id, 0, None)
        return await self._decision(name, request, features, run_id, None, tenant, (), Difference())

    async def record(self, outcome: RouteOutcome) -> None:
        """Learn from executed verdicts; a second record of the same decision changes nothing. A decision that ended
        unverified ends its run, too. Raises NotFoundError, StorageError."""
        decision = await self._store.record(outcome)
        if outcome.verified is False:
            await self._observe(decision.run_id, verified=False)

    async def settle(self, run_id: str, *, verified: bool, tasks: tuple[str, ...] | None = None) -> None:
        """The verdict on the whole project, for what was only accepted so far; `tasks`: for these alone, as when a
        repair begins. Without `tasks` it is the last word on the run."""
        await self._store.settle(run_id, verified=verified, tasks=tasks)
        if tasks is None:
            await self._observe(run_id, verified=verified)

    async def _observe(self, run_id: str, *, verified: bool) -> None:
        if self._experiments is None:
            return
        told = await self._store.of_run(run_id)
        assigned = {a.experiment: a for decision, _ in told for a in decision.experiments}
        if not assigned:
            return
        done = [(decision, outcome) for decision, outcome in told if outcome is not None]
        seen = RunObserved(
            run_id=run_id,
            tenant=told[0][0].tenant,
            verified=verified,
            cost_usd=sum(spent_on(decision, outcome, priors()) for decision, outcome in done),
            seconds=sum(outcome.seconds or 0.0 for _, outcome in done),
        )
        for one in assigned.values():
            await self._experiments.observed(one, seen)

    async def _assigned(self, run_id: str, tenant: str, user: str | None) -> tuple[tuple[Assigned, ...], Difference]:
        if self._experiments is None:
            return (), Difference()
        return await self._experiments.assign(run_id=run_id, tenant=tenant, user=user)

    async def _decision(
        self,
        name: str,
        request: Request,
        features: Features,
        run_id: str,
        task: Task | None,
        tenant: str,
        assigned: tuple[Assigned, ...],
        difference: Difference,
    ) -> RouteDecision:
        routing, models = self._settings.routing, self._settings.models
        limits = limits_of(routing, request, features, tenant, n=models.n, cap_usd=self._cap(request))
        if difference.policy is not None:
            limits = limits.model_copy(update={"policy": difference.policy})
        tiers = self._tiers_for(limits)
        fleet = allowed_rungs(await self._fleet(tiers, difference.models), limits)
        if not fleet:
            raise NoGeneratorError("no tier has a model: set OPENAI_API_KEY or QLP_MODELS__BASE_URL, or start Ollama")
        weighed, policy, seed = await self._weighed(name, fleet, features, limits, tenant)
        chosen = weighed.estimates[weighed.chosen]
        others = [e for i, e in enumerate(weighed.estimates) if i != weighed.chosen]
        said = [f"experiment {a.experiment}: arm {a.arm}" for a in assigned]
        return RouteDecision(
            id=name,
            run_id=run_id,
            task_id=task.id if task is not None else "",
            tenant=tenant,
            policy=policy.name,
            features=features,
            chosen=chosen,
            alternatives=tuple(sorted(others, key=lambda e: (not e.allowed, e.cost_per_success.mean))),
            max_attempts=models.max_attempts,
            seed=seed,
            reasons=weighed.reasons,
            overrides=(*limits.said, *said),
            prompts=difference.prompts,
            swapped=difference.models,
            experiments=assigned,
        )

    async def _weighed(
        self, name: str, fleet: tuple[Rung, ...], features: Features, limits: Limits, tenant: str
    ) -> tuple[Weighed, Policy, int]:
        routing, attempts = self._settings.routing, self._settings.models.max_attempts
        arms = open_arms(fleet, features, limits)
        tries = tries_of(arms, attempts, repair=features.repair)
        levels, known = await self._store.levels(features, tenant, keys_of(one for _, one in tries.values()))
        policy = policy_of(limits.policy, explore=routing.explore, warm=known >= routing.warmup)
        seed = seed_of(name)
        weighed = weigh(
            arms,
            beliefs_of(tries, features.difficulty, levels, priors()),
            features,
            limits,
            policy,
            max_attempts=attempts,
            second_usd=routing.second_usd,
            seed=seed,
        )
        return weighed, policy, seed

    def _tiers_for(self, limits: Limits) -> tuple[Tier, ...]:
        """A tier that the request or a rule names is looked up even if it is not part of the usual way up."""
        named = {t for t in (limits.forced, limits.first, limits.min_tier) if t is not None}
        return tuple(sorted({*self._tiers, *named}))

    def _cap(self, request: Request) -> float | None:
        cap: Decimal | None = request.max_cost_usd
        cap = cap if cap is not None else self._settings.runs.max_cost_usd
        return None if cap is None else float(cap)


def open_router(settings: Settings, models: TierModels, database: Database) -> Router:
    """Over the configured tiers. Raises StorageError."""
    return Router(
        settings,
        RouteStore(database),
        lambda tiers, others: fleet_of(models, tiers, others),
        tiers_of(settings),
        ExperimentStore(database, settings.routing.experiments),
    )


def tries_of(arms: tuple[Arm, ...], max_attempts: int, *, repair: bool) -> dict[str, tuple[Rung, Try]]:
    """Every kind of try that the arms may come to, by key."""
    return {one.key: (rung, one) for arm in arms for rung, one in arm.tries(max_attempts, repair=repair)}


def decision_id(run_id: str, round: int, task: Task | None) -> str:
    return f"{run_id}:{round}:{task.id if task is not None else ''}"


def seed_of(decision: str) -> int:
    return int.from_bytes(hashlib.sha256(decision.encode()).digest()[:6], "big")
