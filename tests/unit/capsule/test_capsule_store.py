from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qlp.capsule import CapsuleStore
from qlp.capsule.atomic import write_atomically
from qlp.errors import NotFoundError, StorageError

pytestmark = pytest.mark.unit


def test_put_get_and_list(tmp_path: Path) -> None:
    store = CapsuleStore(tmp_path / "capsules")
    assert store.list() == ()
    one, two = store.put(b"one", "bookshop"), store.put(b"two", "bookshop")
    os.utime(one.path, (1, 1))
    assert one.name == f"bookshop-{one.digest[:12]}.zip"
    assert store.get(one.name) == b"one"
    assert store.path(two.name) == two.path
    assert store.list() == (one, two)
    assert store.put(b"one", "bookshop") == one


def test_a_damaged_capsule_is_replaced_by_the_same_one(tmp_path: Path) -> None:
    store = CapsuleStore(tmp_path)
    stored = store.put(b"whole", "x")
    stored.path.write_bytes(b"who")
    assert store.put(b"whole", "x") == stored
    assert store.get(stored.name) == b"whole"


@pytest.mark.parametrize("project", ["Grüße/../..", "a b", "日本", "", "..", "x" * 500, "-rf"])
def test_any_project_name_gives_a_plain_file_name(tmp_path: Path, project: str) -> None:
    store = CapsuleStore(tmp_path)
    stored = store.put(b"x", project)
    assert stored.path.parent == tmp_path
    assert store.get(stored.name) == b"x"


@pytest.mark.parametrize("name", ["../secret.zip", "/etc/passwd", "", ".", "a/b.zip", "no.zip", ".hidden.zip", "x.txt"])
def test_names_that_are_no_capsule_are_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.zip").write_bytes(b"")
    (tmp_path / "capsules").mkdir()
    (tmp_path / "capsules" / "x.txt").write_bytes(b"")
    (tmp_path / "capsules" / ".hidden.zip").write_bytes(b"")
    with pytest.raises(NotFoundError):
        CapsuleStore(tmp_path / "capsules").get(name)


def test_a_full_disk_says_what_to_do_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"free at least 3 MiB in .*QLP_HOME"):
        CapsuleStore(tmp_path / "capsules").put(b"x" * 3_000_000, "bookshop")
    assert list((tmp_path / "capsules").iterdir()) == []


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("mount is not installed")
    if made.returncode:
        pytest.skip(f"cannot mount a tmpfs here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    store = CapsuleStore(small_disk)
    kept = store.put(b"k" * 50_000, "kept")
    with pytest.raises(StorageError, match="free at least 1 MiB") as raised:
        store.put(os.urandom(500_000), "bookshop")
    assert raised.value.retryable
    assert store.list() == (kept,)
    assert [p.name for p in small_disk.iterdir()] == [kept.name]
    assert store.put(b"n" * 50_000, "next").path.exists()


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        CapsuleStore(tmp_path / "file" / "capsules").put(b"x", "bookshop")


def test_leftovers_of_killed_writers_are_swept_and_live_ones_are_not(tmp_path: Path) -> None:
    old, live = tmp_path / ".qlp-0001.part", tmp_path / ".qlp-0002.part"
    old.write_bytes(b"half")
    live.write_bytes(b"half")
    yesterday = time.time() - 86_400
    os.utime(old, (yesterday, yesterday))
    CapsuleStore(tmp_path).put(b"x", "bookshop")
    assert not old.exists()
    assert live.exists()
