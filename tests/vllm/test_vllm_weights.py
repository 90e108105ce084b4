from __future__ import annotations

from pathlib import Path

import pytest

from actors.vllm.weights import COMPLETE, fetch
from qlp.errors import InputError, ProviderUnavailableError

pytestmark = pytest.mark.vllm


async def test_weights_from_an_object_store_are_copied_once(tmp_path: Path) -> None:
    store_module = pytest.importorskip("obstore.store")
    source = tmp_path / "store"
    (source / "sub").mkdir(parents=True)
    (source / "config.json").write_text("{}")
    (source / "sub" / "model.safetensors").write_bytes(b"\x00" * 100_000)
    store = store_module.LocalStore(source)
    folder = await fetch("s3://bucket/model", tmp_path / "weights", store)
    assert (folder / "sub" / "model.safetensors").stat().st_size == 100_000
    assert (folder / COMPLETE).exists()
    (source / "config.json").write_text('{"changed": 1}')
    assert (await fetch("s3://bucket/model", tmp_path / "weights", store) / "config.json").read_text() == "{}"


async def test_a_store_without_a_model_and_one_that_does_not_answer(tmp_path: Path) -> None:
    store_module = pytest.importorskip("obstore.store")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no model's folder"):
        await fetch("s3://bucket/x", tmp_path / "a", store_module.LocalStore(tmp_path / "empty"))
    gone = store_module.S3Store(
        "bucket",
        endpoint="http://127.0.0.1:1",
        access_key_id="x",
        secret_access_key="x",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    with pytest.raises(ProviderUnavailableError, match="cannot be read"):
        await fetch("s3://bucket/x", tmp_path / "b", gone)
    assert not (tmp_path / "b" / COMPLETE).exists()
