"""Where a replica of a model may run: Serve's options from a model's settings."""

from __future__ import annotations

import math
from typing import Any

from qlp.config import VllmModelSettings

ROUTER = "ray.serve.experimental.consistent_hash_router:ConsistentHashRouter"
"""One session goes to one replica, whose prefix cache knows it; to the next ones on the ring when that one is full."""
HEALTH_PERIOD_S = 5.0
HEALTH_TIMEOUT_S = 30.0
DRAIN_S = 30.0
"""How long the requests at work in a replica may go on when it is to stop, seconds."""
LOOK_BACK_S = 15.0
"""Over how long the load is averaged, seconds."""
UPSCALE_S = 5.0
"""How long there must be too much of it before another replica is started, seconds."""


def deployment_options(model: VllmModelSettings, env: dict[str, str], python: str | None) -> dict[str, Any]:
    """Keyword arguments of `serve.deployment`."""
    return {
        "max_ongoing_requests": model.max_requests,
        "max_queued_requests": model.max_queued,
        "autoscaling_config": autoscaling(model),
        "request_router_config": {"request_router_class": ROUTER},
        "health_check_period_s": HEALTH_PERIOD_S,
        "health_check_timeout_s": HEALTH_TIMEOUT_S,
        "graceful_shutdown_timeout_s": DRAIN_S,
        "graceful_shutdown_wait_loop_s": 0.5,
        "max_constructor_retry_count": 3,
        **placement(model, env, python),
    }


def autoscaling(model: VllmModelSettings) -> dict[str, Any]:
    return {
        "min_replicas": model.min_replicas,
        "initial_replicas": model.min_replicas,
        "max_replicas": model.max_replicas,
        "target_ongoing_requests": model.target_requests,
        "look_back_period_s": LOOK_BACK_S,
        "upscale_delay_s": UPSCALE_S,
        "downscale_delay_s": model.idle_s,
        "downscale_to_zero_delay_s": model.idle_s,
    }


def placement(model: VllmModelSettings, env: dict[str, str], python: str | None) -> dict[str, Any]:
    """The resources of a replica.

    GPUs on one node are the replica's own and vLLM's worker processes inherit them. GPUs that may be on several nodes
    are a placement group of one bundle a GPU, in which vLLM's Ray executor puts one worker each.
    """
    runtime: dict[str, Any] = {"env_vars": env}
    if python is not None:
        runtime["py_executable"] = python
    actor: dict[str, Any] = {"num_cpus": model.cpus, "runtime_env": runtime}
    if model.resources:
        actor["resources"] = model.resources
    selector = labels(model)
    if model.spread:
        first = {"CPU": model.cpus, **model.resources, **_gpu(1)}
        bundles = [first, *({"CPU": 1.0, **_gpu(1)} for _ in range(round(model.gpus) - 1))]
        grouped: dict[str, Any] = {"placement_group_bundles": bundles, "placement_group_strategy": "PACK"}
        if selector:
            grouped["placement_group_bundle_label_selector"] = [selector]
        return {"ray_actor_options": actor, **grouped}
    if model.gpus:
        actor["num_gpus"] = model.gpus
    if selector:
        actor["label_selector"] = selector
    return {"ray_actor_options": actor}


def labels(model: VllmModelSettings) -> dict[str, str]:
    """Ray's own label says the type of GPU."""
    accelerator = {"ray.io/accelerator-type": model.accelerator} if model.accelerator else {}
    return {**accelerator, **model.labels}


def parallel(model: VllmModelSettings) -> dict[str, Any]:
    """What vLLM is told about its GPUs."""
    if model.gpus == 0:
        return {}
    if model.gpus < 1:
        # a little less than the share: the CUDA contexts of the neighbours are not counted by anybody
        return {"gpu_memory_utilization": math.floor(model.gpus * 92) / 100}
    size = round(model.gpus)
    if size == 1:
        return {}
    return {"tensor_parallel_size": size, "distributed_executor_backend": "ray" if model.spread else "mp"}


def _gpu(count: float) -> dict[str, float]:
    return {"GPU": count}
