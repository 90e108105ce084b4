"""The API in this process, on a socket but without Ray, over a door of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from actors.client import RunService, open_database
from qlp.capsule import CapsuleStore
from qlp.config import ServerSettings, Settings
from qlp.security import Pepper
from qlp.store import Database, KeyStore
from serve_app.app import create_app
from serve_app.backend import Backend

MAX_BODY = 200_000


class NoWorkers:
    async def wake(self, run_id: str) -> None: ...
    async def stop(self, run_id: str) -> None: ...


@dataclass(frozen=True)
class Api:
    url: str
    keys: KeyStore
    settings: Settings
    database: Database

    async def new_key(self, tenant: str) -> str:
        return (await self.keys.create(tenant=tenant))[1]

    def client(self, key: str | None = None, **options: Any) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        defaults: dict[str, Any] = {"base_url": self.url, "headers": headers, "timeout": 60, "trust_env": False}
        return httpx.AsyncClient(**{**defaults, **options})


@contextlib.asynccontextmanager
async def open_api(
    home: Path,
    door: Any,
    validators: Any = None,
    *,
    tree: dict[str, Any] | None = None,
    workers: Any = None,
    **server: Any,
) -> AsyncIterator[Api]:
    """`tree`: further settings; `workers` hear of the runs."""
    settings = Settings(home=home, server=ServerSettings(max_body_bytes=MAX_BODY, **server), **(tree or {}))
    database = open_database(home)
    keys = KeyStore(database, Pepper.load(home))

    async def health() -> dict[str, str]:
        return {}

    backend = Backend(
        settings=settings,
        database=database,
        runs=RunService(database, workers or NoWorkers(), settings),
        keys=keys,
        capsules=CapsuleStore(home / "capsules"),
        sandbox=door,
        validators=validators,
        worker_health=health,
    )
    try:
        async with _listening(create_app(backend)) as url:
            yield Api(url, keys, settings, database)
    finally:
        database.close()


@contextlib.asynccontextmanager
async def _listening(app: Any) -> AsyncIterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=2))
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
