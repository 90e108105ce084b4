"""Isolated places to run generated code: one Protocol, a Docker backend and a bubblewrap backend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qlp.config import SandboxSettings
from qlp.errors import SandboxUnavailableError
from qlp.sandbox.protocol import (
    BackendStatus,
    Command,
    ExecResult,
    HttpReply,
    Limits,
    Sandbox,
    SandboxBackend,
)

if TYPE_CHECKING:
    from qlp.sandbox.bubblewrap import BubblewrapBackend
    from qlp.sandbox.docker import DockerBackend

__all__ = [
    "BackendStatus",
    "Command",
    "ExecResult",
    "HttpReply",
    "Limits",
    "Sandbox",
    "SandboxBackend",
    "backends",
    "limits_from",
    "open_backend",
    "probe_backends",
]


def limits_from(settings: SandboxSettings) -> Limits:
    """The default limits with what the settings say."""
    return Limits(memory_mb=settings.memory_mb, pids=settings.pids, cpus=settings.cpus)


def backends(settings: SandboxSettings, home: Path) -> list[DockerBackend | BubblewrapBackend]:
    """Every backend that the settings allow, best first. Touches nothing yet."""
    from qlp.sandbox.bubblewrap import BubblewrapBackend
    from qlp.sandbox.docker import DockerBackend

    every: list[DockerBackend | BubblewrapBackend] = [DockerBackend(settings, home), BubblewrapBackend(settings, home)]
    return [b for b in every if settings.backend in ("auto", b.name)]


async def probe_backends(settings: SandboxSettings, home: Path) -> list[BackendStatus]:
    """What `qlp doctor` shows."""
    return [await backend.probe() for backend in backends(settings, home)]


async def open_backend(settings: SandboxSettings, home: Path) -> SandboxBackend:
    """The best backend that works here, after removing what dead processes left behind.

    Raises SandboxUnavailableError whose text names the command that installs one: code is never run unisolated.
    """
    refused = []
    for backend in backends(settings, home):
        status = await backend.probe()
        if status.available:
            await backend.reap()
            return backend
        refused.append(f"{status.name}: {status.detail}")
    raise SandboxUnavailableError(
        "no sandbox works here, and generated code is never run without one. As root on Debian/Ubuntu run "
        "scripts/start-docker.sh, or: apt-get install bubblewrap. " + "; ".join(refused)
    )
