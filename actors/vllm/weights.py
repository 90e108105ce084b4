"""Where a model's weights are: a folder, an object store, or the hub.

vLLM loads a folder or a hub id by itself. What lies in an object store is copied once a node, into
`$QLP_HOME/weights`, whole files only and under a lock, so that replicas on one node share the copy.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qlp.errors import InputError, ProviderUnavailableError

log = logging.getLogger(__name__)

STORES = frozenset({"s3", "gs", "az", "abfs", "abfss"})
COMPLETE = ".complete"
PARALLEL = 4
"""Files that are copied at the same time."""


async def local(source: str, home: Path) -> Path | str:
    """The folder to load from, or the hub's id. Raises InputError, ProviderUnavailableError."""
    scheme = urlsplit(source).scheme
    if scheme in STORES:
        return await fetch(source, home / "weights" / hashlib.sha256(source.encode()).hexdigest()[:16])
    if scheme == "file":
        source = urlsplit(source).path
    folder = await asyncio.to_thread(_folder, source)
    if folder is not None:
        return folder
    if source.startswith(("/", "./", "../", "~")):
        raise InputError(f"there is no folder {source} on this node: vllm.models.*.source names the model's weights")
    return source


async def fetch(source: str, folder: Path, store: Any = None) -> Path:
    """The whole content of a store's address, in `folder`. Raises InputError, ProviderUnavailableError.

    `store` is an obstore store, made from the address and the usual environment variables if it is None.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    lock = await asyncio.to_thread(_locked, folder.parent / f"{folder.name}.lock")
    try:
        complete = folder / COMPLETE
        if not await asyncio.to_thread(complete.exists):
            await _copy(source, folder, store if store is not None else _open(source))
            await asyncio.to_thread(complete.touch)
    finally:
        os.close(lock)
    return folder


def _folder(source: str) -> Path | None:
    folder = Path(source).expanduser()
    return folder if folder.is_dir() else None


def _locked(file: Path) -> int:
    """A descriptor that holds the lock until it is closed."""
    lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _open(source: str) -> Any:
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise ProviderUnavailableError(
            f"weights in an object store need the package obstore: pip install obstore ({error})"
        ) from error
    return from_url(source)


async def _copy(source: str, folder: Path, store: Any) -> None:
    import obstore
    from obstore.exceptions import BaseError

    try:
        listed = [entry async for page in obstore.list(store) for entry in page]
        names = [str(entry["path"]) for entry in listed]
        if "config.json" not in names and "adapter_config.json" not in names:
            raise InputError(f"{source} holds neither config.json nor adapter_config.json: it is no model's folder")
        slots = asyncio.Semaphore(PARALLEL)

        async def one(name: str) -> None:
            async with slots:
                await _file(store, name, _inside(folder, name))

        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(one(name))
    except BaseExceptionGroup as group_error:
        raise _unreachable(source, group_error.exceptions[0]) from group_error
    except (BaseError, OSError) as error:
        raise _unreachable(source, error) from error
    log.info("copied %d files of %s", len(names), source)


async def _file(store: Any, name: str, target: Path) -> None:
    import obstore

    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    result = await obstore.get_async(store, name)
    with part.open("wb") as file:
        async for chunk in result.stream(min_chunk_size=8 * 1024 * 1024):
            await asyncio.to_thread(file.write, chunk)
    os.replace(part, target)


def _inside(folder: Path, name: str) -> Path:
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise InputError(f"a file of the store leaves its folder: {name!r}")
    return target


def _unreachable(source: str, error: BaseException) -> Exception:
    if isinstance(error, InputError):
        return error
    return ProviderUnavailableError(f"{source} cannot be read: {error}", reason="connection")
