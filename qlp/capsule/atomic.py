"""Files that are there completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from qlp.errors import StorageError

TEMP_PREFIX = ".qlp-"
TEMP_SUFFIX = ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def storage_error(error: OSError, path: Path, size: int) -> StorageError:
    """What went wrong, and what the user can do about it."""
    if error.errno in _FULL:
        need = max(1, -(-size // 1_048_576))
        return StorageError(
            f"no space left for {path.name}: free at least {need} MiB in {path.parent}, or set QLP_HOME to a folder "
            "on another disk, and try again",
            path=str(path),
            bytes=size,
        )
    return StorageError(f"cannot write {path}: {error.strerror or error}", path=str(path), bytes=size)


@contextlib.contextmanager
def complete_file(path: Path, data: bytes, *, mode: int = 0o666) -> Iterator[Path]:
    """A finished, synced temporary file beside `path`, for the caller to rename or link; gone afterwards in any case.

    `mode` is reduced by the umask. Raises StorageError.
    """
    temp = path.parent / f"{TEMP_PREFIX}{secrets.token_hex(8)}{TEMP_SUFFIX}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise storage_error(error, path, len(data)) from error
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temp
    except OSError as error:
        raise storage_error(error, path, len(data)) from error
    finally:
        temp.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Replace `path` by `data`: after a crash the old or the new content is there, never a part of it.

    Raises StorageError (what to do is in it) and leaves no temporary file.
    """
    with complete_file(path, data, mode=mode) as temp:
        os.replace(temp, path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
