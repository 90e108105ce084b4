"""The files for larger clusters, checked without a cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [
    pytest.mark.ray,
    pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20"),  # of Ray Serve's own models
]

ROOT = Path(__file__).resolve().parents[2]


def test_ray_up_reads_the_cluster_file() -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    text = (ROOT / "ray_cluster.yaml").read_text("utf-8")
    config: dict[str, Any] = prepare_config(yaml.safe_load(text))
    validate_config(config)
    assert config["head_node_type"] in config["available_node_types"]
    assert config["available_node_types"]["cpu_worker"]["max_workers"] <= config["max_workers"]
    able = {name for name, kind in config["available_node_types"].items() if kind["resources"].get("sandbox")}
    assert able == {"head", "sandbox_worker"}, "a manager keeps its node from being idle"
    started = " ".join(config["head_start_ray_commands"])
    assert "RAY_AUTH_MODE=token" in started
    assert "cluster.start_head" in started


def test_the_cluster_file_opens_nothing_but_ssh() -> None:
    provider = yaml.safe_load((ROOT / "ray_cluster.yaml").read_text("utf-8"))["provider"]
    assert [rule["ToPort"] for rule in provider["security_group"]["IpPermissions"]] == [22]


def test_serve_reads_its_config_file() -> None:
    from ray.serve.schema import ServeDeploySchema

    from serve_app.builder import AppArgs, build_app

    text = (ROOT / "cluster" / "serve_config.yaml").read_text("utf-8")
    config = yaml.safe_load(text)
    known = set(ServeDeploySchema.model_fields)
    assert set(config) <= known, "the schema accepts unknown keys without a word"
    schema = ServeDeploySchema.model_validate(config)
    (application,) = schema.applications
    assert application.import_path == "serve_app.builder:build_app"
    assert schema.http_options.host == "127.0.0.1"
    assert build_app(AppArgs.model_validate(application.args)) is not None


def test_wrong_arguments_of_the_application_are_refused() -> None:
    from pydantic import ValidationError

    from serve_app.builder import AppArgs

    with pytest.raises(ValidationError, match="workerz"):
        AppArgs.model_validate({"workerz": ["a"]})
