"""What a worker is told when it is made, and how it finds its pipeline."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from qlp.config import Settings
from qlp.models import Outcome, Request, TaskResult
from qlp.pipeline.runtime import EventSink, Runtime, TaskInput
from qlp.store.engine import Database


class PipelineNames(BaseModel):
    """`module:attribute` of each function; tests put their own here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: str = "qlp.pipeline.run:run_pipeline"
    task: str = "qlp.pipeline.execute:run_task"
    services: str = "qlp.pipeline.services:build_services"

    @classmethod
    def managed(cls) -> PipelineNames:
        """Of a cluster that has sandbox managers: its workers open no sandbox engine."""
        return cls(services="actors.managed_services:build_managed_services")

    def load(self) -> LoadedPipeline:
        return LoadedPipeline(_attribute(self.run), _attribute(self.task), _attribute(self.services))


class LoadedPipeline:
    def __init__(
        self,
        run: Callable[[Runtime, Any, Request], Awaitable[Outcome]],
        task: Callable[[Runtime, Any, TaskInput], Awaitable[TaskResult]],
        services: Callable[[Settings, EventSink, Database], Awaitable[Any]],
    ) -> None:
        self.run = run
        self.task = task
        self.services = services


class WorkerArgs(BaseModel):
    """Crosses into the actor as plain data.

    Secrets do not: a worker reads them from its environment or `config.yaml`, so they are in no actor spec.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "worker-0"
    tree: dict[str, Any] = {}
    """The settings without secrets."""
    adopt: bool = True
    """Take any run that waits or was left by a dead executor; False: only the runs it is asked to start."""
    pipeline: PipelineNames = PipelineNames()

    @classmethod
    def of(
        cls, settings: Settings, *, name: str = "worker-0", adopt: bool = True, pipeline: PipelineNames | None = None
    ) -> WorkerArgs:
        return cls(name=name, tree=public_tree(settings), adopt=adopt, pipeline=pipeline or PipelineNames())

    def settings(self) -> Settings:
        return Settings(**self.tree)


def public_tree(settings: Settings) -> dict[str, Any]:
    """What somebody set, and the home: a default that travels would look like a choice (the price of a local model)."""
    chosen = settings.model_dump(mode="json", exclude={"models": {"api_key"}}, exclude_unset=True)
    return {**chosen, "home": str(settings.home)}


def _attribute(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
