"""The pipeline's services in a worker of a cluster: its sandboxes are the managers', it opens no engine itself, and
models that the cluster hosts are asked over Serve."""

from __future__ import annotations

from typing import Any

import ray

from actors.sandbox_client import ManagerClient
from actors.vllm.provider import hosts
from qlp.config import Settings
from qlp.pipeline.runtime import EventSink
from qlp.pipeline.services import build_services
from qlp.sandbox.managed import ManagedBackend
from qlp.store import Database


async def build_managed_services(settings: Settings, events: EventSink, database: Database) -> Any:
    """As `PipelineNames.services`, inside an actor."""
    client = ManagerClient(ray.get_runtime_context().namespace)
    hosted = hosts(settings.vllm) if settings.vllm.models else None
    return await build_services(settings, events, database, sandbox=ManagedBackend(client), hosts=hosted)
