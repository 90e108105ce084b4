"""Takes the project out of a capsule: into a folder, or as a tar.gz."""

from __future__ import annotations

import gzip
import io
import os
import secrets
import shutil
import tarfile
from pathlib import Path
from typing import Literal

from qlp.capsule.atomic import TEMP_PREFIX, storage_error, write_atomically
from qlp.capsule.layout import PROJECT, slug
from qlp.capsule.read import Capsule
from qlp.errors import CapsuleError, ConflictError


def extract(capsule: Capsule, folder: Path, *, overwrite: bool = False) -> tuple[Path, ...]:
    """Write the project's files into `folder` and return their paths.

    A new or empty folder gets all files or none. Raises ConflictError if the folder holds anything and `overwrite`
    is not set; with it, files of the same name are replaced and others stay. Raises StorageError.
    """
    files = {p.removeprefix(PROJECT): e for p, e in sorted(capsule.entries.items()) if p.startswith(PROJECT)}
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ConflictError(f"{folder} is not a folder; choose another place")
    occupied = folder.is_dir() and any(folder.iterdir())
    if occupied and not overwrite:
        raise ConflictError(f"{folder} is not empty; choose another folder, or allow overwriting")
    if occupied:
        for name, entry in files.items():
            target = _inside(folder, name)
            write_atomically(target, entry.data, mode=0o777 if entry.executable else 0o666)
    else:
        _extract_new(folder, {name: (entry.data, entry.executable) for name, entry in files.items()})
    return tuple(folder / name for name in files)


def _extract_new(folder: Path, files: dict[str, tuple[bytes, bool]]) -> None:
    """All files into a sibling folder, then one rename."""
    temp = folder.absolute().parent / f"{TEMP_PREFIX}{secrets.token_hex(8)}"
    try:
        temp.mkdir(parents=True)
        for name, (data, executable) in files.items():
            target = temp / name
            target.parent.mkdir(parents=True, exist_ok=True)
            # Exclusive: where names differ by case alone, some file systems would let one file replace another.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with open(os.open(target, flags, 0o777 if executable else 0o666), "wb") as file:
                file.write(data)
        os.replace(temp, folder)
    except FileExistsError as error:
        raise CapsuleError(f"two files of the capsule are one on this file system: {error.filename}") from error
    except OSError as error:
        raise storage_error(error, folder, sum(len(data) for data, _ in files.values())) from error
    finally:
        shutil.rmtree(temp, ignore_errors=True)


def _inside(folder: Path, name: str) -> Path:
    """The target of `name`, with no link on the way that leads elsewhere. Raises ConflictError."""
    target = folder / name
    for part in (target, *target.parents):
        if part == folder:
            break
        if part.is_symlink():
            raise ConflictError(f"{part} is a link; remove it, or choose another folder")
        if part != target and part.exists() and not part.is_dir():
            raise ConflictError(f"{part} is a file where the capsule has a folder")
    if target.is_dir():
        raise ConflictError(f"{target} is a folder where the capsule has a file")
    return target


def to_tar_gz(capsule: Capsule, part: Literal["project", "capsule"] = "project") -> bytes:
    """The project alone, or every entry of the capsule, under one folder named after the project. Deterministic."""
    top = slug(capsule.manifest.name)
    moment = int(capsule.manifest.created_at.timestamp())
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=moment) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path, entry in sorted(capsule.entries.items()):
            if part == "project" and not path.startswith(PROJECT):
                continue
            info = tarfile.TarInfo(f"{top}/{path.removeprefix(PROJECT) if part == 'project' else path}")
            info.size, info.mtime, info.mode = len(entry.data), moment, 0o755 if entry.executable else 0o644
            tar.addfile(info, io.BytesIO(entry.data))
    return buffer.getvalue()
