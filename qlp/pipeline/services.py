"""What a pipeline needs from outside, built once per process from the settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qlp.budget import GuardedProvider, Ledger
from qlp.capsule import CapsuleStore, Signer
from qlp.config import Settings
from qlp.models import STAGES, InterfaceContract, Request, SourceFile, Stage, Tier, Verdict
from qlp.pipeline.models import Models
from qlp.pipeline.runtime import EventSink
from qlp.sandbox import SandboxBackend, limits_from, open_backend
from qlp.store.engine import Database
from qlp.validation import validate_project
from qlp.validation.validator import EVIDENCE_BYTES, StageListener


@dataclass(frozen=True)
class Services:
    """Everything with a side effect that the pipeline may call, always from inside a durable step."""

    settings: Settings
    sandbox: SandboxBackend
    models: Models
    capsules: CapsuleStore
    signer: Signer
    ledger: Ledger
    events: EventSink

    async def guarded(self, tier: Tier, request: Request, run_id: str) -> GuardedProvider:
        """The tier's model under the run's cost cap. Raises NoGeneratorError, ProviderError."""
        inner, price = await self.models.provider(tier)
        cap = request.max_cost_usd if request.max_cost_usd is not None else self.settings.runs.max_cost_usd
        return GuardedProvider(inner, price, self.ledger, run_id, cap)

    async def validate(
        self,
        files: tuple[SourceFile, ...],
        contract: InterfaceContract,
        *,
        stages: Iterable[Stage] = STAGES,
        on_stage: StageListener | None = None,
    ) -> Verdict:
        """`validate_project` in a sandbox of the configured size; the backend bounds how many are open."""
        limits = limits_from(self.settings.sandbox).model_copy(update={"output_bytes": EVIDENCE_BYTES})
        return await validate_project(files, contract, self.sandbox, stages=stages, limits=limits, on_stage=on_stage)


def capsule_folder(settings: Settings) -> Path:
    return settings.home / "capsules"


async def build_services(
    settings: Settings, events: EventSink, database: Database, *, sandbox: SandboxBackend | None = None
) -> Services:
    """`sandbox` None opens the best one here. Raises SandboxUnavailableError when there is no isolation at all:
    nothing could be verified."""
    return Services(
        settings=settings,
        sandbox=sandbox or await open_backend(settings.sandbox, settings.home),
        models=Models(settings.models),
        capsules=CapsuleStore(capsule_folder(settings)),
        signer=Signer.load(settings.home / "keys"),
        ledger=Ledger(database),
        events=events,
    )
