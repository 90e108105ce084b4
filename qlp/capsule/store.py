"""Where finished capsules lie: one folder, one file each, named by project and content."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

from qlp.capsule.atomic import TEMP_PREFIX, TEMP_SUFFIX, write_atomically
from qlp.capsule.canonical import sha256_hex
from qlp.capsule.layout import slug
from qlp.errors import NotFoundError, StorageError
from qlp.models._base import Frozen

_SHORT = 12
"""Hex digits of the digest in a file name."""
_STALE_S = 3600.0
"""Age at which a temporary file belongs to a writer that died."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.zip")


class StoredCapsule(Frozen):
    name: str
    """`<project>-<first 12 digits of the digest>.zip`."""
    path: Path
    digest: str
    """sha256 of the file, lower-case hex, as sha256sum prints it."""
    size: int
    """Bytes."""


class CapsuleStore:
    """Content-addressed: the same capsule is one file however often it is put."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes, project: str) -> StoredCapsule:
        """Atomic. Raises StorageError, for example when the disk is full."""
        digest = sha256_hex(data)
        path = self.folder / f"{slug(project)}-{digest[:_SHORT]}.zip"
        self._sweep()
        if not _holds(path, digest):
            write_atomically(path, data)
        return StoredCapsule(name=path.name, path=path, digest=digest, size=len(data))

    def path(self, name: str) -> Path:
        """Raises NotFoundError, also for names that are no plain file name of this folder."""
        path = self.folder / name
        if not _NAME.fullmatch(name) or not path.is_file():
            raise NotFoundError(f"there is no capsule {name!r}", capsule=name)
        return path

    def get(self, name: str) -> bytes:
        """Raises NotFoundError, StorageError."""
        path = self.path(name)
        try:
            return path.read_bytes()
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror or error}") from error

    def list(self) -> tuple[StoredCapsule, ...]:
        """Oldest first. Reads every file for its digest."""
        return tuple(self._stored())

    def _stored(self) -> Iterator[StoredCapsule]:
        if not self.folder.is_dir():
            return
        paths = [p for p in self.folder.iterdir() if _NAME.fullmatch(p.name) and p.is_file()]
        for path in sorted(paths, key=lambda p: (p.stat().st_mtime, p.name)):
            data = self.get(path.name)
            yield StoredCapsule(name=path.name, path=path, digest=sha256_hex(data), size=len(data))

    def _sweep(self) -> None:
        """Remove what writers that were killed in mid-write left behind."""
        for temp in self.folder.glob(f"{TEMP_PREFIX}*{TEMP_SUFFIX}"):
            try:
                if time.time() - temp.stat().st_mtime > _STALE_S:
                    temp.unlink()
            except FileNotFoundError:
                continue  # another process swept it


def _holds(path: Path, digest: str) -> bool:
    try:
        return sha256_hex(path.read_bytes()) == digest
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
