"""A platform for one test: its own store, keys and capsules; the sandbox engine and images of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from qlp.config import ModelSettings, RunSettings, SandboxSettings, Settings, home
from qlp.errors import SandboxUnavailableError
from qlp.models import Outcome, Request
from qlp.pipeline.in_process import run_in_process
from qlp.pipeline.services import Services, build_services
from qlp.sandbox import engine
from qlp.store import Database, EventStore, RunStore, sqlite_url
from qlp.store.schema import create_all


def settings_for(
    folder: Path, *, models: ModelSettings = ModelSettings(), runs: RunSettings = RunSettings()
) -> Settings:
    """The machine's engine is named by its socket, so that QLP_HOME can be a temporary folder."""
    sandbox = SandboxSettings(backend="docker", docker_host=engine.engine_url(SandboxSettings(), home()))
    return Settings(home=folder, sandbox=sandbox, models=models, runs=runs)


class Platform:
    """Runs requests in process and keeps what they left."""

    def __init__(self, settings: Settings, services: Services, runs: RunStore, events: EventStore) -> None:
        self.settings = settings
        self.services = services
        self._runs = runs
        self.events = events

    @classmethod
    async def open(cls, settings: Settings) -> Platform:
        """Skips the test when this machine has no engine."""
        database = Database(sqlite_url(settings.home))
        create_all(database)
        events = EventStore(database)
        try:
            services = await build_services(settings, events, database)
        except SandboxUnavailableError as error:
            pytest.skip(error.detail)
        return cls(settings, services, RunStore(database), events)

    async def run(self, request: Request) -> tuple[str, Outcome]:
        """Run id and outcome. Raises what the pipeline raises."""
        run, _ = await self._runs.create(request, tenant="local", queue_limit=100)
        return run.id, await run_in_process(request, self.services, run.id)

    async def event_types(self, run_id: str) -> list[str]:
        return [event.type for event in (await self.events.after(run_id))[0]]

    def capsule(self, outcome: Outcome) -> Path:
        return self.services.capsules.path(outcome.capsule)
