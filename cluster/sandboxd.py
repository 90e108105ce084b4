"""sandboxd beside a local cluster: started after its head, ended with it or after it, whoever ends that."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from cluster.processes import birth_of
from qlp.config import SandboxSettings, Settings
from qlp.errors import QLPError, SandboxUnavailableError
from qlp.models._base import Frozen
from qlp.sandbox.daemon.client import DaemonBackend, daemon_socket
from qlp.sandbox.daemon.command import make_post
from qlp.sandbox.docker import DockerBackend
from qlp.sandbox.protocol import BackendStatus

log = logging.getLogger(__name__)

START_S = 30.0
STOP_S = 35.0


class Sandboxd(Frozen):
    """What was started: the keeper, whose child does the work."""

    pid: int
    started: str
    """Start time of that process in the kernel's words."""
    socket: str


def start_sandboxd(settings: Settings, *, head: int, log_file: Path) -> Sandboxd | None:
    """One that ends when the process `head` does; None where no engine answers, or another sandboxd works already.

    Raises QLPError when it does not become ready.
    """
    if not sys.platform.startswith("linux") or settings.sandbox.backend == "bubblewrap":
        return None
    if settings.sandbox.daemon_socket is not None or asyncio.run(_probe(DaemonBackend, settings)).available:
        return None  # somebody else's, systemd's for example
    if not asyncio.run(_probe(DockerBackend, settings)).available:
        return None
    with log_file.open("ab") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "qlp.sandbox.daemon", "--post"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "QLP_HOME": str(settings.home), "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,
        )
    assert keeper.stdin
    with keeper.stdin as stdin:
        stdin.write(make_post(settings, watch=head).model_dump_json().encode())
    daemon = Sandboxd(
        pid=keeper.pid,
        started=birth_of(keeper.pid) or "",
        socket=str(daemon_socket(settings.sandbox, settings.home)),
    )
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and keeper.poll() is None:
        if Path(daemon.socket).exists() and asyncio.run(_probe(DaemonBackend, settings)).available:
            return daemon
        time.sleep(0.1)
    stop_sandboxd(daemon)
    tail = "\n".join(log_file.read_text("utf-8", "replace").splitlines()[-8:])
    raise SandboxUnavailableError(f"sandboxd did not start:\n{tail}")


def through(settings: Settings, daemon: Sandboxd | None) -> Settings:
    """Settings for the cluster's processes: sandboxd's socket by name, so that none falls back to the engine."""
    if daemon is None:
        return settings
    sandbox = settings.sandbox.model_copy(update={"daemon_socket": Path(daemon.socket)})
    return settings.model_copy(update={"sandbox": sandbox})


def stop_sandboxd(daemon: Sandboxd | None) -> None:
    """SIGTERM and patience for what it is removing; SIGKILL in the end."""
    import signal

    for number, patience_s in ((signal.SIGTERM, STOP_S), (signal.SIGKILL, 5.0)):
        if daemon is None or birth_of(daemon.pid) != daemon.started:
            return
        os.kill(daemon.pid, number)
        deadline = time.monotonic() + patience_s
        while birth_of(daemon.pid) == daemon.started and time.monotonic() < deadline:
            time.sleep(0.05)


def sandboxd_state(settings: Settings) -> str | None:
    """`running`, or what is wrong; None where there is none."""
    from qlp.sandbox import probe_daemon

    try:
        status = asyncio.run(probe_daemon(settings.sandbox, settings.home))
    except QLPError as error:
        return error.detail
    return None if status is None else "running" if status.available else status.detail


async def _probe(kind: type[DaemonBackend | DockerBackend], settings: Settings) -> BackendStatus:
    sandbox: SandboxSettings = settings.sandbox
    backend = kind(sandbox, settings.home)
    try:
        return await backend.probe()
    finally:
        await backend.close()
