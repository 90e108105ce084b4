"""A sandboxd of its own for a test, and what containers are left on the engine."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from qlp.config import SandboxSettings, Settings
from qlp.sandbox import engine
from qlp.sandbox.container_host import OWNER_LABEL
from qlp.sandbox.daemon.client import DaemonBackend
from qlp.sandbox.engine_calls import Engine, dial_url
from qlp.sandbox.ownership import home_id

ROOT = Path(__file__).resolve().parents[2]


def docker_url() -> str:
    """The machine's engine."""
    return engine.engine_url(SandboxSettings(), Settings().home)


def containers(label: str = OWNER_LABEL, *, url: str | None = None) -> list[str]:
    """Ids of all containers with a label, in whatever state."""
    there = url or docker_url()
    return [c["Id"] for c in Engine(dial_url(there), there).containers(label)]


def containers_of(home: Path, *, url: str | None = None) -> list[str]:
    """Ids of the containers that belong to one QLP_HOME."""
    return containers(f"qlp.home={home_id(home)}", url=url)


@dataclass
class Daemon:
    """A running sandboxd: keeper and worker."""

    process: subprocess.Popen[bytes]
    home: Path
    url: str
    log: Path

    @property
    def socket(self) -> Path:
        return self.home / "run" / "sandboxd.sock"

    def settings(self, **changes: object) -> SandboxSettings:
        return SandboxSettings(**{"concurrency": 4, "daemon_socket": self.socket, **changes})  # type: ignore[arg-type]

    def backend(self, **changes: object) -> DaemonBackend:
        return DaemonBackend(self.settings(**changes), self.home)

    def left(self) -> list[str]:
        return containers_of(self.home, url=self.url)

    async def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(self.process.wait, 40)


def start(
    home: Path, *args: str, url: str | None = None, environment: Mapping[str, str] | None = None, uid: int | None = None
) -> Daemon:
    """Not ready yet; the socket comes when it is."""
    told = {**os.environ, "QLP_HOME": str(home), "QLP_SANDBOX__DOCKER_HOST": url or docker_url(), **(environment or {})}
    log = home / "sandboxd.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "qlp.sandbox.daemon", *args],
            cwd=ROOT,
            env={**told, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=uid,
        )
    return Daemon(process, home, url or docker_url(), log)


@asynccontextmanager
async def sandboxd(
    home: Path, *args: str, url: str | None = None, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Daemon]:
    """Ready when the block begins, ended after it."""
    daemon = start(home, *args, url=url, environment=environment)
    try:
        for _ in range(300):
            if daemon.socket.is_socket() or daemon.process.poll() is not None:
                break
            await asyncio.sleep(0.05)
        assert daemon.socket.is_socket(), daemon.log.read_text()
        yield daemon
    finally:
        await daemon.stop()


async def until(condition: object, *, within_s: float = 20.0, what: str = "") -> None:
    """Fails when `condition()` stays false."""
    assert callable(condition)
    for _ in range(int(within_s / 0.1)):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.1)
    assert await asyncio.to_thread(condition), what
