from __future__ import annotations

import asyncio
import json
import socket
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors.client import open_database
from qlp.config import RunSettings, SandboxSettings, ServerSettings, Settings
from qlp.security import Pepper
from qlp.store import KeyStore
from tests.ray.durable_platform import FAKE

MAX_BODY = 200_000


@dataclass(frozen=True)
class Served:
    url: str
    home: Path
    keys: KeyStore

    async def new_key(self, tenant: str) -> str:
        return (await self.keys.create(tenant=tenant))[1]


@pytest.fixture(scope="session")
def served(ray_cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The product's Serve application on a real socket, over a worker with the fake pipeline."""
    import ray

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Ray Serve's own pydantic models
        from ray import serve

    from actors.run_worker import start_worker
    from actors.sandbox_manager import start_managers
    from actors.validator_pool import start_validators
    from actors.worker_args import WorkerArgs
    from serve_app.builder import AppArgs, build_app

    home = tmp_path_factory.mktemp("http-home")
    settings = Settings(
        home=home,
        server=ServerSettings(max_body_bytes=MAX_BODY),
        runs=RunSettings(concurrency=4, queue_limit=50),
        sandbox=SandboxSettings(queue=16, warm={}),
    )
    worker = start_worker(
        WorkerArgs.of(settings, name="http-worker", pipeline=FAKE), namespace=ray_cluster, detached=False
    )
    managers = start_managers(settings, namespace=ray_cluster, opener="tests.http.fake_sandbox:open_backend")
    validators = start_validators(settings, namespace=ray_cluster, detached=False)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options: Any = {"host": "127.0.0.1", "port": port}
    serve.start(proxy_location="HeadOnly", http_options=options)
    serve.run(build_app(AppArgs.of(settings, ("http-worker",), ray_cluster)), name="qlp-test", route_prefix="/")
    ray.get(worker.health.remote(), timeout=120)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while httpx.get(f"{url}/readyz", timeout=30, trust_env=False).status_code != 200:
        assert time.monotonic() < deadline, "the API is not ready"
        time.sleep(0.5)
    database = open_database(home)
    yield Served(url, home, KeyStore(database, Pepper.load(home)))
    database.close()
    for validator in validators:
        ray.kill(validator)
    ray.get([manager.drain.remote() for manager in managers], timeout=30)
    shutdown: Any = serve.shutdown
    shutdown()


@pytest.fixture(scope="session")
def key(served: Served) -> str:
    return asyncio.run(served.new_key("tenant-a"))


@pytest.fixture
async def http(served: Served, key: str) -> AsyncIterator[httpx.AsyncClient]:
    """As tenant-a."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
async def stranger(served: Served) -> AsyncIterator[httpx.AsyncClient]:
    """With no key."""
    async with httpx.AsyncClient(base_url=served.url, timeout=30, trust_env=False) as client:
        yield client


def script(**fields: object) -> dict[str, str]:
    """Body of a run for the fake pipeline."""
    return {"text": json.dumps({"tasks": ["code", "test"], **fields})}
