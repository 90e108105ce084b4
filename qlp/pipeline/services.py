"""What a pipeline needs from outside, built once per process from the settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from qlp.budget import Ledger
from qlp.capsule import CapsuleStore, Signer
from qlp.confidence.outcomes import OutcomeStore
from qlp.config import Settings
from qlp.models import STAGES, InterfaceContract, Request, SourceFile, Stage, Tier, Verdict
from qlp.pipeline.model_stack import ModelStack, Purse
from qlp.pipeline.models import Models
from qlp.pipeline.runtime import EventSink
from qlp.providers.kinds import Hosts
from qlp.providers.protocol import Provider
from qlp.routing.router import Router, open_router
from qlp.sandbox import SandboxBackend, limits_from, open_backend
from qlp.store.engine import Database
from qlp.validation import Policy, VerdictCache, load_policy, open_verdict_cache, validate_project
from qlp.validation.policy import TestsPolicy
from qlp.validation.validator import EVIDENCE_BYTES, StageListener


@dataclass(frozen=True)
class Services:
    """Everything with a side effect that the pipeline may call, always from inside a durable step."""

    settings: Settings
    sandbox: SandboxBackend
    models: Models
    stack: ModelStack
    capsules: CapsuleStore
    signer: Signer
    ledger: Ledger
    events: EventSink
    outcomes: OutcomeStore
    router: Router | None = None
    """Chooses tiers, models and candidates; None always climbs the configured ladder."""
    verdicts: VerdictCache | None = None
    """Where candidates' verdicts are kept; None asks the tools every time."""

    def policy(self, request: Request) -> Policy:
        """The request's policy, or the settings'. Raises InputError."""
        return load_policy(request.policy or self.settings.validation.policy, self.settings.home)

    async def guarded(self, tier: Tier, request: Request, run_id: str, *, model: str | None = None) -> Provider:
        """The tier's models under the run's cost cap, or an experiment's `model` in their place.

        Raises NoGeneratorError, ProviderError, InputError.
        """
        return await self.stack.tier(tier, Purse(run_id, self.cap(request)), instead=model)

    def cap(self, request: Request) -> Decimal | None:
        """Most that the models of a run may cost, US dollars; None is no cap of the run's own."""
        return request.max_cost_usd if request.max_cost_usd is not None else self.settings.runs.max_cost_usd

    async def validate(
        self,
        files: tuple[SourceFile, ...],
        contract: InterfaceContract,
        *,
        stages: Iterable[Stage] = STAGES,
        on_stage: StageListener | None = None,
        policy: str | None = None,
        scope: str | None = None,
    ) -> Verdict:
        """`validate_project` in sandboxes of the configured size; the backend bounds how many are open.

        `policy` by name, None takes the settings'. With a `scope`, such as a run, a verdict reached before in it may
        answer; None always asks the tools.
        """
        asked = load_policy(policy or self.settings.validation.policy, self.settings.home)
        if scope is not None:  # how much green tests mean is asked of the whole project, once
            asked = asked.model_copy(update={"tests": TestsPolicy()})
        return await validate_project(
            files,
            contract,
            self.sandbox,
            policy=asked,
            stages=stages,
            limits=limits_from(self.settings.sandbox).model_copy(update={"output_bytes": EVIDENCE_BYTES}),
            on_stage=on_stage,
            cache=None if scope is None else self.verdicts,
            scope=scope or "",
        )


def capsule_folder(settings: Settings) -> Path:
    return settings.home / "capsules"


async def build_services(
    settings: Settings,
    events: EventSink,
    database: Database,
    *,
    sandbox: SandboxBackend | None = None,
    hosts: Hosts | None = None,
) -> Services:
    """`sandbox` None opens the best one here; `hosts` are the models that the cluster hosts itself.

    Raises SandboxUnavailableError when there is no isolation at all: nothing could be verified.
    """
    ledger = Ledger(database, settings.budgets)
    stack = ModelStack(settings, database, ledger=ledger, hosts=hosts)
    return Services(
        settings=settings,
        sandbox=sandbox or await open_backend(settings.sandbox, settings.home),
        models=stack.models,
        stack=stack,
        capsules=CapsuleStore(capsule_folder(settings)),
        signer=Signer.load(settings.home / "keys"),
        ledger=ledger,
        events=events,
        outcomes=OutcomeStore(database),
        router=open_router(settings, stack.models, database),
        verdicts=open_verdict_cache(settings),
    )
