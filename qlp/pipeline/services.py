"""What a pipeline needs from outside, built once per process from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from qlp.budget import GuardedProvider, Ledger
from qlp.capsule import CapsuleStore, Signer
from qlp.config import Settings
from qlp.models import STAGES, InterfaceContract, Request, SourceFile, Stage, Tier, Verdict
from qlp.pipeline.runtime import EventSink
from qlp.providers import ModelCatalogue
from qlp.providers.protocol import Provider
from qlp.sandbox import SandboxBackend, open_backend
from qlp.sandbox.protocol import Limits
from qlp.store.engine import Database
from qlp.validation import validate_project
from qlp.validation.validator import StageListener


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Services:
    """Everything with a side effect that the pipeline may call, always from inside a durable step."""

    settings: Settings
    sandbox: SandboxBackend
    models: ModelCatalogue
    capsules: CapsuleStore
    signer: Signer
    ledger: Ledger
    events: EventSink
    slots: asyncio.Semaphore
    """Bounds the sandboxes that this process has open."""
    now: Callable[[], datetime] = _now

    async def provider(self, tier: Tier, request: Request, run_id: str, key: str) -> Provider:
        """The tier's model under the run's cost cap; `key` names the one call that it will make."""
        inner, price = await self.models.provider(tier)
        cap = request.max_cost_usd if request.max_cost_usd is not None else self.settings.runs.max_cost_usd
        return GuardedProvider(inner, price, self.ledger, run_id, key, cap)

    async def validate(
        self,
        files: tuple[SourceFile, ...],
        contract: InterfaceContract,
        *,
        stages: Iterable[Stage] = STAGES,
        on_stage: StageListener | None = None,
    ) -> Verdict:
        """`validate_project` in a sandbox of the configured size, at most `sandbox.concurrency` at a time."""
        limits = self.settings.sandbox
        async with self.slots:
            return await validate_project(
                files,
                contract,
                self.sandbox,
                stages=stages,
                limits=Limits(
                    memory_mb=limits.memory_mb, pids=limits.pids, cpus=limits.cpus, output_bytes=262_144
                ),
                on_stage=on_stage,
            )


def capsule_folder(settings: Settings) -> Path:
    return settings.home / "capsules"


async def build_services(settings: Settings, events: EventSink, database: Database) -> Services:
    """Raises SandboxUnavailableError when there is no isolation at all: nothing could be verified."""
    return Services(
        settings=settings,
        sandbox=await open_backend(settings.sandbox, settings.home),
        models=ModelCatalogue(settings.models),
        capsules=CapsuleStore(capsule_folder(settings)),
        signer=Signer.load(settings.home / "keys"),
        ledger=Ledger(database),
        events=events,
        slots=asyncio.Semaphore(settings.sandbox.concurrency),
    )
