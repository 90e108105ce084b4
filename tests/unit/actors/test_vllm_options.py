from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from actors.vllm.declared import app_name, declared, served
from actors.vllm.options import arguments, environment
from actors.vllm.placement import autoscaling, placement
from actors.vllm.weights import local
from qlp.config import VllmModelSettings, VllmSettings
from qlp.errors import InputError, ProviderError

pytestmark = pytest.mark.unit


def model(**fields: Any) -> VllmModelSettings:
    return VllmModelSettings.model_validate(fields)


def pairs(line: list[str]) -> dict[str, str]:
    """`--name value`; a flag has an empty value."""
    following = [*line[1:], "--"]
    return {
        word: "" if following[i].startswith("--") else following[i]
        for i, word in enumerate(line)
        if word.startswith("--")
    }


def test_the_command_line_of_vllm_serve() -> None:
    engine = {
        "enforce_eager": True,
        "enable_prefix_caching": False,
        "tool-call-parser": "hermes",
        "hf_overrides": {"a": 1},
    }
    line = arguments("Qwen/Q", model(gpus=2, max_model_len=4096, engine=engine), "Qwen/Q", {"sql": Path("/a")})
    assert line[:3] == ["Qwen/Q", "--served-model-name", "Qwen/Q"]
    given = pairs(line)
    assert given["--tensor-parallel-size"] == "2"
    assert given["--distributed-executor-backend"] == "mp"
    assert given["--max-model-len"] == "4096"
    assert given["--enforce-eager"] == ""
    assert given["--no-enable-prefix-caching"] == ""
    assert given["--hf-overrides"] == '{"a": 1}'
    assert given["--lora-modules"] == "Qwen/Q@sql=/a"
    assert "--revision" not in given


@pytest.mark.parametrize("taken", ["model", "served-model-name", "lora_modules", "port"])
def test_options_that_are_not_the_users(taken: str) -> None:
    with pytest.raises(InputError, match=taken.replace("-", "_")):
        arguments("m", model(engine={taken: "x"}), "m", {})


def test_the_users_options_win() -> None:
    line = arguments("m", model(gpus=0, dtype="float32", engine={"block_size": 16, "dtype": "half"}), "m", {})
    assert pairs(line)["--block-size"] == "16"
    assert pairs(line)["--dtype"] == "half"
    assert environment(model(env={"VLLM_HOST_IP": "10.0.0.1"}))["VLLM_HOST_IP"] == "10.0.0.1"


def test_one_node_keeps_vllm_on_loopback_and_several_do_not() -> None:
    assert environment(model(gpus=2))["VLLM_HOST_IP"] == "127.0.0.1"
    assert "VLLM_HOST_IP" not in environment(model(gpus=2, spread=True))


@pytest.mark.parametrize(
    ("fields", "gpus"), [({"gpus": 0}, None), ({"gpus": 0.25}, 0.25), ({"gpus": 1}, 1), ({"gpus": 4}, 4)]
)
def test_gpus_of_a_replica_on_one_node(fields: dict[str, Any], gpus: float | None) -> None:
    asked = placement(model(**fields, resources={"fast_disk": 1}), {"A": "1"}, "/opt/vllm/bin/python")
    actor = asked["ray_actor_options"]
    assert actor.get("num_gpus") == gpus
    assert actor["resources"] == {"fast_disk": 1}
    assert actor["runtime_env"] == {"env_vars": {"A": "1"}, "py_executable": "/opt/vllm/bin/python"}
    assert "placement_group_bundles" not in asked


def test_a_share_of_a_gpu_leaves_the_rest_of_its_memory() -> None:
    assert pairs(arguments("m", model(gpus=0.5), "m", {}))["--gpu-memory-utilization"] == "0.46"


def test_gpus_on_several_nodes_are_a_placement_group() -> None:
    asked = placement(model(gpus=3, spread=True, accelerator="H100", labels={"zone": "a"}, cpus=2), {}, None)
    assert asked["placement_group_bundles"] == [{"CPU": 2, "GPU": 1}, {"CPU": 1, "GPU": 1}, {"CPU": 1, "GPU": 1}]
    assert asked["placement_group_bundle_label_selector"] == [{"ray.io/accelerator-type": "H100", "zone": "a"}]
    assert "num_gpus" not in asked["ray_actor_options"]


def test_replicas_by_load() -> None:
    asked = autoscaling(model(min_replicas=0, max_replicas=4, target_requests=8, idle_s=60))
    assert (asked["min_replicas"], asked["max_replicas"], asked["target_ongoing_requests"]) == (0, 4, 8)
    assert asked["downscale_to_zero_delay_s"] == 60


@pytest.mark.parametrize(
    "wrong",
    [{"gpus": 1.5}, {"gpus": 1, "spread": True}, {"gpus": 0, "accelerator": "H100"}, {"min_replicas": 2}, {"gpus": -1}],
)
def test_settings_that_cannot_be_placed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model(**wrong)


def test_names() -> None:
    settings = VllmSettings(models={"Qwen/Qwen3-8B": model(adapters={"sql": "/a"}), "Qwen-Qwen3-8B": model()})
    assert served(settings) == ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B@sql", "Qwen-Qwen3-8B")
    assert declared(settings, "Qwen/Qwen3-8B@sql")[0] == "Qwen/Qwen3-8B"
    for unknown in ("Qwen/Qwen3-8B@other", "gpt", ""):
        with pytest.raises(ProviderError) as refused:
            declared(settings, unknown)
        assert refused.value.extra["reason"] == "not_found"
    assert app_name("Qwen/Qwen3-8B") != app_name("Qwen-Qwen3-8B")
    with pytest.raises(ValidationError):
        VllmSettings(models={"a@b": model()})


async def test_a_folder_a_hub_id_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert await local(str(tmp_path), tmp_path) == tmp_path
    assert await local(f"file://{tmp_path}", tmp_path) == tmp_path
    assert await local("Qwen/Qwen3-8B", tmp_path) == "Qwen/Qwen3-8B"
    with pytest.raises(InputError, match="no folder"):
        await local("/nowhere/model", tmp_path)
