"""The command line of `vllm serve` from a model's settings: its options are vLLM's stable and documented face."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from actors.vllm.placement import parallel
from qlp.config import VllmModelSettings
from qlp.errors import InputError

OURS = frozenset({"model", "served_model_name", "enable_lora", "lora_modules", "host", "port", "api_key", "uds"})
"""Options that follow from other settings, or that mean nothing where no port is opened."""

ADAPTERS = 8
"""LoRA adapters that are in one batch together, unless `engine.max_loras` says otherwise."""


def arguments(name: str, model: VllmModelSettings, weights: Path | str, adapters: dict[str, Path | str]) -> list[str]:
    """Raises InputError for an option in `engine` that is not the user's to set."""
    if taken := sorted(OURS & {key.replace("-", "_") for key in model.engine}):
        raise InputError(f"vllm.models.{name}.engine: QLP sets {', '.join(taken)} itself")
    options: dict[str, Any] = {
        "dtype": model.dtype,
        "max_model_len": model.max_model_len,
        "revision": model.revision,
        "enable_prompt_tokens_details": True,
        **_processor(model),
        **parallel(model),
        **model.engine,
    }
    if adapters:
        modules = [f"{name}@{adapter}={folder}" for adapter, folder in adapters.items()]
        beside = {"enable_lora": True, "max_loras": min(len(adapters), ADAPTERS), "lora_modules": modules}
        options = {**beside, **options}
    line = [str(weights), "--served-model-name", name]
    for key, value in options.items():
        line += _option(key.replace("_", "-"), value)
    return line


def environment(model: VllmModelSettings) -> dict[str, str]:
    """Of a replica's process; the user's `env` wins."""
    # One node: vLLM's own sockets stay on loopback. Over several nodes the executor needs the real address.
    inside = {} if model.spread else {"VLLM_HOST_IP": "127.0.0.1"}
    processor = {} if model.gpus else _without_gpu(model)
    return {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", **inside, **processor, **model.env}


def _processor(model: VllmModelSettings) -> dict[str, Any]:
    """vLLM's block on a processor is 128 tokens: prompts shorter than that would never meet the prefix cache."""
    return {} if model.gpus else {"block_size": 32, "distributed_executor_backend": "uni"}


def _without_gpu(model: VllmModelSettings) -> dict[str, str]:
    threads = {"OMP_NUM_THREADS": str(max(1, int(model.cpus)))}
    # The engine stays a process of its own; this only saves the worker process under it, which imports torch again.
    single = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    # Without it vLLM compiles parts of its sampler all the same, for half a minute inside the first request.
    eager = {"TORCHDYNAMO_DISABLE": "1"} if model.engine.get("enforce_eager") else {}
    return {**threads, **single, **eager}


def _option(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, dict):
        return [f"--{name}", json.dumps(value)]
    if isinstance(value, list | tuple):
        return [f"--{name}", *(str(item) for item in value)]
    return [f"--{name}", str(value)]
