from __future__ import annotations

import stat
from pathlib import Path

import pytest

from qlp.errors import NotFoundError
from qlp.security import Pepper
from qlp.store import Database, KeyStore, sqlite_url
from qlp.store.schema import create_all

pytestmark = pytest.mark.unit


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    database = Database(sqlite_url(tmp_path))
    create_all(database)
    return KeyStore(database, Pepper.load(tmp_path))


async def test_a_key_speaks_for_its_tenant_until_it_is_revoked(keys: KeyStore) -> None:
    record, key = await keys.create(tenant="a")
    principal = await keys.verify(key)
    assert principal is not None
    assert (principal.tenant, principal.key_id) == ("a", record.id)
    with pytest.raises(NotFoundError):
        await keys.revoke(record.id, tenant="b")
    assert await keys.verify(key) is not None
    await keys.revoke(record.id, tenant="a")
    assert await keys.verify(key) is None
    with pytest.raises(NotFoundError):
        await keys.revoke(record.id, tenant="a")


@pytest.mark.parametrize("wrong", ["", "qlp_", "qlp_" + "a" * 43, "' OR 1=1 --", "\udcff", "ключ"])
async def test_a_wrong_key_is_nobody(keys: KeyStore, wrong: str) -> None:
    await keys.create(tenant="a")
    assert await keys.verify(wrong) is None


async def test_the_key_is_not_stored(keys: KeyStore, tmp_path: Path) -> None:
    record, key = await keys.create(tenant="a")
    assert key.startswith(record.prefix)
    stored = all_bytes(tmp_path)
    assert record.prefix.encode() in stored
    assert key.encode() not in stored


def all_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_the_pepper_is_private_made_once_and_needed(tmp_path: Path) -> None:
    first, again = Pepper.load(tmp_path), Pepper.load(tmp_path)
    assert first.digest("k") == again.digest("k")
    assert first.digest("k") != Pepper.load(tmp_path / "other").digest("k")
    assert stat.S_IMODE((tmp_path / "keys" / "pepper").stat().st_mode) == 0o600
    assert [f.name for f in (tmp_path / "keys").iterdir()] == ["pepper"]
