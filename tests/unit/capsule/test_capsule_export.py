from __future__ import annotations

import errno
import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from qlp.capsule import Capsule, extract, read_capsule, to_tar_gz
from qlp.errors import ConflictError, StorageError
from qlp.models import SourceFile

pytestmark = pytest.mark.unit


@pytest.fixture
def capsule(capsule_path: Path) -> Capsule:
    return read_capsule(capsule_path)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_new_folder_gets_the_project(capsule: Capsule, tmp_path: Path, files: tuple[SourceFile, ...]) -> None:
    written = extract(capsule, tmp_path / "a" / "out")
    assert tree(tmp_path / "a" / "out") == {f.path: f.content.encode() for f in files}
    assert all(p.is_file() for p in written)
    assert os.access(tmp_path / "a" / "out" / "run.sh", os.X_OK)
    assert not os.stat(tmp_path / "a" / "out" / "shop" / "book.py").st_mode & 0o111
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["out"]


def test_an_empty_folder_is_filled(capsule: Capsule, tmp_path: Path, files: tuple[SourceFile, ...]) -> None:
    (tmp_path / "out").mkdir()
    assert len(extract(capsule, tmp_path / "out")) == len(files)


def test_a_folder_that_holds_something_is_refused_unless_allowed(capsule: Capsule, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "shop").mkdir(parents=True)
    (out / "mine.txt").write_text("mine")
    (out / "shop" / "book.py").write_text("old")
    with pytest.raises(ConflictError, match="not empty"):
        extract(capsule, out)
    assert (out / "shop" / "book.py").read_text() == "old"
    extract(capsule, out, overwrite=True)
    assert (out / "mine.txt").read_text() == "mine"
    assert "return 12" in (out / "shop" / "book.py").read_text()


def test_a_link_in_the_folder_is_not_followed(capsule: Capsule, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "shop").symlink_to(outside)
    with pytest.raises(ConflictError, match="is a link"):
        extract(capsule, out, overwrite=True)
    assert list(outside.iterdir()) == []
    (tmp_path / "link").symlink_to(outside)
    with pytest.raises(ConflictError, match="not a folder"):
        extract(capsule, tmp_path / "link")


def test_files_in_the_way_of_folders_are_named(capsule: Capsule, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "shop").write_text("a file")
    with pytest.raises(ConflictError, match="is a file where the capsule has a folder"):
        extract(capsule, tmp_path / "out", overwrite=True)
    (tmp_path / "other" / "run.sh").mkdir(parents=True)
    with pytest.raises(ConflictError, match="is a folder where the capsule has a file"):
        extract(capsule, tmp_path / "other", overwrite=True)
    with pytest.raises(ConflictError, match="not a folder"):
        extract(capsule, tmp_path / "out" / "shop")


def test_a_full_disk_leaves_no_half_project(capsule: Capsule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def full(path: Path, *rest: Any, **options: Any) -> int:
        if str(path).endswith("book.py"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, *rest, **options)

    before = sorted(p.name for p in tmp_path.iterdir())
    monkeypatch.setattr(os, "open", full)
    with pytest.raises(StorageError, match="no space left"):
        extract(capsule, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_tar_gz_of_the_project_is_deterministic(capsule: Capsule, files: tuple[SourceFile, ...]) -> None:
    data = to_tar_gz(capsule)
    assert data == to_tar_gz(capsule)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = {m.name: m for m in tar.getmembers()}
        assert set(members) == {f"bookshop/{f.path}" for f in files}
        assert members["bookshop/run.sh"].mode == 0o755
        handle = tar.extractfile("bookshop/docs/grüße-世界.md")
        assert handle is not None
        assert handle.read() == "# Grüße, 世界\r\n".encode()


def test_tar_gz_of_the_capsule_holds_everything(capsule: Capsule) -> None:
    with tarfile.open(fileobj=io.BytesIO(to_tar_gz(capsule, "capsule"))) as tar:
        assert set(tar.getnames()) == {f"bookshop/{path}" for path in capsule.entries}
