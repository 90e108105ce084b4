"""Puts the actors and the API onto the cluster that this process is connected to."""

from __future__ import annotations

import logging
from typing import Any

from actors.worker_args import PipelineNames, WorkerArgs
from cluster.environment import NAMESPACE
from qlp.config import Settings
from qlp.errors import QLPError

log = logging.getLogger(__name__)

APP_NAME = "qlp"
START_TIMEOUT_S = 120.0


def workers_of(settings: Settings) -> tuple[str, ...]:
    return tuple(f"worker-{n}" for n in range(settings.runs.workers))


def deploy(settings: Settings, workers: tuple[str, ...], *, serve: bool, pipeline: PipelineNames | None = None) -> None:
    """Returns when all answer. Raises QLPError."""
    import ray

    from actors.run_worker import start_worker
    from actors.sandbox_manager import start_managers
    from actors.validator_pool import start_validators

    waiting = [manager.health.remote() for manager in start_managers(settings, namespace=NAMESPACE)]
    if not waiting:
        log.warning("no node of this cluster has the resource `sandbox`: code can neither be verified nor run")
    for name in workers:
        args = WorkerArgs.of(settings, name=name, pipeline=pipeline or PipelineNames.managed())
        waiting.append(start_worker(args, namespace=NAMESPACE, detached=True).health.remote())
    if serve:  # without an API nobody asks them: run workers validate by themselves
        waiting += [validator.stats.remote() for validator in start_validators(settings, namespace=NAMESPACE)]
        _deploy_api(settings, workers)
    try:
        ray.get(waiting, timeout=START_TIMEOUT_S)
    except ray.exceptions.RayError as error:
        raise QLPError(f"the cluster's actors did not start: {error}") from error


def _deploy_api(settings: Settings, workers: tuple[str, ...]) -> None:
    from ray import serve

    from actors.vllm.builder import deploy_models
    from serve_app.builder import AppArgs, build_app

    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    options: Any = {"host": settings.server.host, "port": settings.server.port}
    serve.start(proxy_location="HeadOnly", http_options=options)
    serve.run(build_app(AppArgs.of(settings, workers, NAMESPACE)), name=APP_NAME, route_prefix="/")
    deploy_models(settings)
