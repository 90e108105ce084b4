"""A private cluster for one command: one run worker, no HTTP, gone at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from actors.worker_args import PipelineNames
from cluster.environment import NAMESPACE, TempFolder, apply
from cluster.private_client import PrivateClient
from cluster.start_ray import start_ray
from qlp.config import Settings
from qlp.errors import QLPError

log = logging.getLogger(__name__)

OBJECT_STORE_BYTES = 80 * 1024 * 1024
"""Ray's minimum is 75 MiB; nothing large passes through it here."""
START_TIMEOUT_S = 120.0
DRAIN_TIMEOUT_S = 10.0


@asynccontextmanager
async def ephemeral(settings: Settings, *, pipeline: PipelineNames | None = None) -> AsyncIterator[PrivateClient]:
    """A client over a cluster in the process group of this command. Runs left working can be resumed later.

    Raises QLPError when the cluster or its worker cannot be started.
    """
    apply(settings)
    import ray

    if ray.is_initialized():
        raise QLPError("this process is connected to a Ray cluster already")
    folder = TempFolder()
    try:
        start_ray(folder, num_cpus=1, object_store_bytes=OBJECT_STORE_BYTES)
        worker = await _start_worker(settings, pipeline)
        try:
            yield PrivateClient.open(settings, worker)
        finally:
            await _drain(worker)
    finally:
        ray.shutdown()
        folder.release()


async def _start_worker(settings: Settings, pipeline: PipelineNames | None) -> Any:
    from actors.run_worker import start_worker
    from actors.worker_args import WorkerArgs

    args = WorkerArgs.of(settings, name="private-worker", adopt=False, pipeline=pipeline)
    worker = start_worker(args, namespace=NAMESPACE, detached=False)
    try:
        await asyncio.wait_for(asyncio.wrap_future(worker.health.remote().future()), START_TIMEOUT_S)
    except Exception as error:
        raise QLPError(f"the run worker did not start: {error}") from error
    return worker


async def _drain(worker: Any) -> None:
    try:
        await asyncio.wait_for(asyncio.wrap_future(worker.drain.remote().future()), DRAIN_TIMEOUT_S)
    except Exception:  # boundary: the worker may be dead already, and the cluster ends anyway
        log.exception("the private worker was not drained")
