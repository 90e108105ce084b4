"""The pipeline's services in a worker of a cluster: its sandboxes are the managers', it opens no engine itself."""

from __future__ import annotations

from typing import Any

import ray

from actors.sandbox_client import ManagerClient
from qlp.config import Settings
from qlp.pipeline.runtime import EventSink
from qlp.pipeline.services import build_services
from qlp.sandbox.managed import ManagedBackend
from qlp.store import Database


async def build_managed_services(settings: Settings, events: EventSink, database: Database) -> Any:
    """As `PipelineNames.services`, inside an actor."""
    client = ManagerClient(ray.get_runtime_context().namespace)
    return await build_services(settings, events, database, sandbox=ManagedBackend(client))
