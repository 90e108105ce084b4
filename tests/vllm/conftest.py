from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from qlp.config import Settings, VllmModelSettings, VllmSettings
from tests.support.testmodel import SAFETENSORS

NAME = "tiny"
ENGINE = {
    "enforce_eager": True,
    "kv_cache_memory_bytes": 64 << 20,
    "enable_auto_tool_choice": True,
    "tool_call_parser": "hermes",
    "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
}
ENV = {"HF_HUB_OFFLINE": "1", "VLLM_LOGGING_LEVEL": "ERROR"}


def tiny(**fields: object) -> VllmModelSettings:
    chosen = {
        "source": str(SAFETENSORS),
        "gpus": 0,
        "cpus": 0.5,
        "dtype": "float32",
        "max_model_len": 512,
        "engine": ENGINE,
        "env": ENV,
        "min_replicas": 1,
        **fields,
    }
    return VllmModelSettings.model_validate(chosen)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A private Ray on loopback that believes in two GPUs, with Serve."""
    if importlib.util.find_spec("vllm") is None:
        pytest.skip("this Python has no vLLM: scripts/test-vllm.sh makes an environment that has")
    import ray
    from ray import serve

    from cluster.environment import TempFolder, apply
    from cluster.start_ray import start_ray

    before = os.environ.get("QLP_HOME")
    apply(Settings(home=tmp_path_factory.mktemp("ray-home")))
    folder = TempFolder()
    labels = {"ray.io/accelerator-type": "H100", "zone": "a"}
    start_ray(folder, num_cpus=4, object_store_bytes=100 << 20, num_gpus=2, labels=labels)
    serve.start(proxy_location="Disabled")
    yield
    serve.shutdown()
    ray.shutdown()
    folder.release()
    if before is None:
        os.environ.pop("QLP_HOME", None)
    else:
        os.environ["QLP_HOME"] = before


@pytest.fixture(scope="session")
def hosted(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The test model, deployed as the product does it, with one replica that is ready."""
    from actors.vllm.builder import deploy_models
    from tests.vllm.lora import write_adapter
    from tests.vllm.waiting import until_running

    folder: Path = write_adapter(SAFETENSORS, tmp_path_factory.mktemp("adapter"))
    models = {NAME: tiny(adapters={"random": str(folder)})}
    settings = Settings(home=tmp_path_factory.mktemp("vllm-home"), vllm=VllmSettings(models=models))
    (app,) = deploy_models(settings)
    until_running(app)
    return settings
