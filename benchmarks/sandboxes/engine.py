"""A container engine for one benchmark, in a control group that counts the CPU time of everything that a job costs.

The benchmark, the engine with its shims and short-lived helpers, and all containers are below one group: what a
contender makes others do is on its bill. Linux, root, dockerd; cgroup v1 (cpuacct) or v2.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_TOP = Path("/sys/fs/cgroup")
_START_S = 60.0
_LOAD_S = 300.0


class Meter:
    """CPU seconds of a control group and all below it, those of ended processes and removed groups included."""

    def __init__(self, group: Path) -> None:
        self._group = group
        self._v1 = group / "cpuacct.usage"
        self._v2 = group / "cpu.stat"

    def parts(self) -> dict[str, float]:
        """The same by who spent it: `client` (this process and its children), `engine`, `containers`."""
        names = (name for name in ("client", "engine", "containers") if (self._group / name).is_dir())
        return {name: Meter(self._group / name).cpu_s() for name in names}

    def cpu_s(self) -> float:
        if self._v1.exists():
            return int(self._v1.read_text()) / 1e9
        for line in self._v2.read_text().splitlines():
            if line.startswith("usage_usec "):
                return int(line.split()[1]) / 1e6
        raise OSError(f"no usage in {self._v2}")


@contextlib.contextmanager
def counted_engine(images: list[str], source: str) -> Iterator[tuple[str, Meter]]:
    """URL of a fresh engine that holds `images` of the engine at `source`, and the meter. Raises SystemExit."""
    if os.geteuid() != 0 or not shutil.which("dockerd") or not shutil.which("docker"):
        raise SystemExit("this benchmark counts CPU time in a control group: it needs Linux, root, dockerd and docker")
    name = f"qlp-bench-{os.getpid()}"
    hierarchy = next((_TOP / n for n in ("cpuacct", "cpu,cpuacct") if (_TOP / n).is_dir()), _TOP)
    group = hierarchy / name
    home = hierarchy / own_group(hierarchy)
    for folder in (group, group / "client", group / "engine"):
        folder.mkdir()
    (group / "client" / "cgroup.procs").write_text(str(os.getpid()))
    folder = Path(tempfile.mkdtemp(prefix="qlp-bench-engine-"))
    url = f"unix://{folder}/docker.sock"
    engine = subprocess.Popen(
        ["/bin/sh", "-c", 'echo $$ > "$1"; shift; exec "$@"', "sh", str(group / "engine" / "cgroup.procs"), "dockerd",
         "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid", "-H", url,
         "--storage-driver", "overlay2", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
         "--ip-masq=false", "--bridge=none", "--exec-opt", "native.cgroupdriver=cgroupfs",
         "--cgroup-parent", f"/{name}/containers"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
        start_new_session=True,
    )  # fmt: skip
    try:
        _wait(url, engine)
        saved = subprocess.Popen(["docker", "-H", source, "save", *images], stdout=subprocess.PIPE)
        subprocess.run(
            ["docker", "-H", url, "load", "-q"],
            stdin=saved.stdout,
            stdout=subprocess.DEVNULL,
            timeout=_LOAD_S,
            check=True,
        )
        if saved.wait(10):
            raise SystemExit(f"docker save {' '.join(images)} failed")
        yield url, Meter(group)
    finally:
        _end(url, engine)
        (home / "cgroup.procs").write_text(str(os.getpid()))
        shutil.rmtree(folder, ignore_errors=True)
        for top in (hierarchy, *_TOP.iterdir()):
            _remove(top / name)


def own_group(hierarchy: Path) -> str:
    """Of this process, relative to the hierarchy's top."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpuacct" in controllers.split(",") or (not controllers and hierarchy == _TOP):
            return path.lstrip("/")
    return ""


def _wait(url: str, engine: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while subprocess.run(["docker", "-H", url, "version"], capture_output=True, timeout=30, check=False).returncode:
        if engine.poll() is not None or time.monotonic() > end:
            raise SystemExit("the benchmark's dockerd did not start")
        time.sleep(0.2)


def _end(url: str, engine: subprocess.Popen[bytes]) -> None:
    if engine.poll() is None:
        with contextlib.suppress(subprocess.SubprocessError):
            ids = subprocess.run(
                ["docker", "-H", url, "ps", "-aq"], capture_output=True, text=True, timeout=30
            ).stdout.split()
            if ids:
                subprocess.run(["docker", "-H", url, "rm", "-f", *ids], capture_output=True, timeout=60)
        engine.send_signal(signal.SIGTERM)
        try:
            engine.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(engine.pid, signal.SIGKILL)
            engine.wait(10)


def _remove(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        for _ in range(20):
            try:
                Path(folder).rmdir()
                break
            except OSError:
                time.sleep(0.1)
