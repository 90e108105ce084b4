"""Isolated places to run generated code: one Protocol; Docker, Docker behind sandboxd, and bubblewrap backends."""

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
    from qlp.sandbox.daemon.client import DaemonBackend
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
    "probe_daemon",
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
    found = []
    for backend in backends(settings, home):
        found.append(await backend.probe())
        await backend.close()
    return found


async def probe_daemon(settings: SandboxSettings, home: Path) -> BackendStatus | None:
    """sandboxd's state; None where none is meant to be: no socket is named, and none is at the default place."""
    from qlp.sandbox.daemon.client import DaemonBackend, daemon_socket

    if settings.daemon_socket is None and not _is_socket(daemon_socket(settings, home)):
        return None
    daemon = DaemonBackend(settings, home)
    try:
        return await daemon.probe()
    finally:
        await daemon.close()


async def open_backend(settings: SandboxSettings, home: Path) -> SandboxBackend:
    """The best backend that works here, after removing what dead processes left behind: sandboxd if it listens, the
    engine, bubblewrap. A sandboxd that is named in the settings is not replaced by another way.

    Raises SandboxUnavailableError whose text names the command that installs one: code is never run unisolated.
    """
    refused = []
    for backend in (*_daemon(settings, home), *backends(settings, home)):
        status = await backend.probe()
        if status.available:
            await backend.reap()
            return backend
        await backend.close()
        refused.append(f"{status.name}: {status.detail}")
        if status.name == "sandboxd" and settings.daemon_socket is not None:
            raise SandboxUnavailableError(f"{status.detail}; {status.remedy}", remedy=status.remedy)
    raise SandboxUnavailableError(
        "no sandbox works here, and generated code is never run without one. As root on Debian/Ubuntu run "
        "scripts/start-docker.sh, or: apt-get install bubblewrap. " + "; ".join(refused)
    )


def _daemon(settings: SandboxSettings, home: Path) -> list[DaemonBackend]:
    from qlp.sandbox.daemon.client import DaemonBackend, daemon_socket

    if settings.backend == "bubblewrap":
        return []
    if settings.daemon_socket is None and (settings.docker_host or not _is_socket(daemon_socket(settings, home))):
        return []  # an engine that is named may be another one than sandboxd's
    return [DaemonBackend(settings, home)]


def _is_socket(path: Path) -> bool:
    try:
        return path.is_socket()
    except OSError:  # a folder that we may not enter
        return False
