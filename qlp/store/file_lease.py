"""One worker a key among the processes of a node, by flock: the kernel gives the key back when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class FileLease:
    """The key is held until `release`. Not for folders on network file systems without locks."""

    def __init__(self, descriptor: int, file: Path) -> None:
        self._descriptor = descriptor
        self._file = file

    def release(self) -> None:
        # Removed while it is locked: who opened it meanwhile sees in `take` that the name is gone or another file's.
        self._file.unlink(missing_ok=True)
        os.close(self._descriptor)


def take(folder: Path, key: str) -> FileLease | None:
    """Hold `key` (letters and digits), or None while somebody else does. Does not wait. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{key}.lock"
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _same(descriptor, file):
                return FileLease(descriptor, file)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the holder before us removed it: take the new one


def _same(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False
