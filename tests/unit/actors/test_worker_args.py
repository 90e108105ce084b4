from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from actors.worker_args import WorkerArgs
from qlp.config import ModelSettings, Settings

pytestmark = pytest.mark.unit


def test_settings_arrive_as_they_were_and_defaults_stay_defaults(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, models=ModelSettings(base_url="http://127.0.0.1:1/v1", n=3))
    arrived = WorkerArgs.of(settings).settings()
    assert arrived == settings
    assert "price" not in arrived.models.model_fields_set, (
        "a model on this machine is free unless somebody said otherwise"
    )


def test_no_secret_travels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QLP_MODELS__API_KEY", raising=False)
    settings = Settings(home=tmp_path, models=ModelSettings(api_key=SecretStr("sk-secret")))
    assert "sk-secret" not in WorkerArgs.of(settings).model_dump_json()
