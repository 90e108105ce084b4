"""The first API key of a home, and the file by which the command line of its owner finds the server."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from actors.client import open_database
from qlp.config import Settings
from qlp.models.run import LOCAL_TENANT
from qlp.security import Pepper
from qlp.store import KeyStore


def first_key(settings: Settings, url: str | None) -> str | None:
    """Made once a home; its copy in run/client.json is for the command line of this user."""
    database = open_database(settings.home)
    keys = KeyStore(database, Pepper.load(settings.home))

    async def make() -> tuple[str | None, str]:
        file = settings.home / "keys" / "local_api_key"
        if file.exists():
            key = file.read_text("utf-8")
            if await keys.verify(key) is not None:
                return None, key
        _, key = await keys.create(tenant=LOCAL_TENANT)
        write_private(file, key)
        return key, key

    try:
        shown, key = asyncio.run(make())
    finally:
        database.close()
    write_private(settings.home / "run" / "client.json", json.dumps({"url": url, "api_key": key}))
    return shown


def write_private(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(file)
