"""A container engine of its own for tests that kill one, and what is left of containers anywhere on the machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from qlp.errors import SandboxUnavailableError
from qlp.sandbox import engine, images
from qlp.sandbox.engine_calls import Engine, dial_url
from tests.support.sandboxd import docker_url, until

_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
_LOAD_S = 120


class SecondEngine:
    """dockerd with its own folders, as scripts/start-docker.sh starts one."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qlp-e-", dir="/tmp"))  # short: containerd's sockets lie below
        self.url = f"unix://{self.folder}/d.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    async def start(self) -> None:
        # Where nobody reaps orphans, the dead containerd is a zombie that the new dockerd takes for a living one.
        for name in ("d.sock", "d.pid", "x/containerd/containerd.pid"):
            (self.folder / name).unlink(missing_ok=True)
        options = ["--storage-driver", "overlay2", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        options += ["--ip-masq=false", "--bridge=none", "--exec-opt", "native.cgroupdriver=cgroupfs"]
        options += ["--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/x"]
        options += ["--pidfile", f"{self.folder}/d.pid", "-H", self.url]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220
                ["dockerd", *options],
                env={**os.environ, "PATH": _PATH},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await until(self.answers, within_s=60, what="the second engine did not start")

    def answers(self) -> bool:
        try:
            Engine(dial_url(self.url), self.url).version()
        except SandboxUnavailableError:
            return False
        return True

    def load(self, profile: str) -> None:
        """Copy a profile's image from the machine's engine."""
        reference = images.image_ref(profile)
        source, target = (engine.connect(url, timeout_s=_LOAD_S) for url in (docker_url(), self.url))
        try:
            if not source.api.images(name=reference, quiet=True):
                pytest.skip(f"no image {reference}; run: qlp sandbox build {profile}")
            target.images.load(source.images.get(reference).save(named=True))
        finally:
            source.close()
            target.close()

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()

    async def remove(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, 30)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for mount in sorted(mounts_with(str(self.folder)), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False, timeout=20)  # noqa: ASYNC221
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self) -> list[int]:
        """dockerd, containerd and shims of this engine."""
        return [pid for pid, text in _each("cmdline") if str(self.folder) in text]


def second_engine() -> SecondEngine:
    """Skips where none can be started."""
    if os.geteuid() != 0 or shutil.which("dockerd", path=_PATH) is None:
        pytest.skip("a second engine needs root and dockerd")
    return SecondEngine()


def traces_of(containers: Iterable[str]) -> list[str]:
    """Processes in, mounts of and control groups for these containers: what the engine itself might not know of."""
    ids = set(containers)
    found = [f"process {pid}" for pid, text in _each("cgroup") if any(id in text for id in ids)]
    found += [f"mount {mount}" for id in ids for mount in mounts_with(id)]
    for folder, below, _ in os.walk("/sys/fs/cgroup"):  # others' groups come and go meanwhile
        found += [f"cgroup {folder}/{name}" for name in below if any(id in name for id in ids)]
    return found


def mounts_with(text: str) -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line.split(" ")[4] for line in lines if text in line]


def _each(file: str) -> Iterable[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(entry.name), (entry / file).read_bytes().decode("utf-8", "replace")
