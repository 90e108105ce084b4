"""Limits for processes that no container engine looks after: one control group per sandbox, on cgroup v1 and v2.

Where no group can be made (no root, nothing delegated) the sandbox says so in its `Isolation`; it never pretends.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from qlp.sandbox.protocol import Limits

_PREFIX = "qlp-"
_PERIOD_US = 100_000
_GONE_S = 5.0
_serial = itertools.count(1)


@dataclass(frozen=True)
class Hierarchy:
    """Where this process may make groups for some controllers."""

    controllers: frozenset[str]
    parents: tuple[Path, ...]
    """Folders to try, nearest first."""
    version: int


@dataclass(frozen=True)
class Group:
    """The groups of one sandbox, one per hierarchy."""

    folders: tuple[Path, ...]
    memory: bool
    pids: bool
    oom_file: Path | None
    """Counts the kernel's out-of-memory kills (`oom_kill N`)."""

    @property
    def join_files(self) -> tuple[Path, ...]:
        return tuple(folder / "cgroup.procs" for folder in self.folders)

    def destroy(self) -> None:
        """Kill what is left and remove the groups. Blocking, a few milliseconds as a rule."""
        for folder in self.folders:
            _remove(folder)


def hierarchies(proc: Path = Path("/proc/self")) -> list[Hierarchy]:
    """Mounted hierarchies with a controller that we set, from mountinfo(5) and cgroup(7)."""
    own: dict[str, str] = {}
    for line in (proc / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            own[controller] = path
    found = []
    for line in (proc / "mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        mount_root, mount = left.split(" ")[3:5]
        top = Path(mount)
        if kind == "cgroup":
            wanted = frozenset(options.split(" ")[-1].split(",")) & {"memory", "pids", "cpu"}
            if wanted:
                near = _below(top, mount_root, own.get(sorted(wanted)[0], "/"))
                found.append(Hierarchy(wanted, (near, top) if near.is_dir() and near != top else (top,), 1))
        elif kind == "cgroup2" and (top / "cgroup.controllers").exists():
            wanted = frozenset((top / "cgroup.controllers").read_text().split()) & {"memory", "pids", "cpu"}
            near = _below(top, mount_root, own.get("", "/"))
            parents = [near] if near.is_dir() else []
            while parents and parents[-1] != top:
                parents.append(parents[-1].parent)
            if wanted:
                found.append(Hierarchy(wanted, tuple(parents) or (top,), 2))
    return found


def _below(top: Path, mount_root: str, path: str) -> Path:
    inside = path[len(mount_root) :] if mount_root != "/" and path.startswith(mount_root) else path
    return top / inside.lstrip("/")


def create(owner: str, limits: Limits, found: list[Hierarchy]) -> Group:
    """Groups with the limits set; controllers that cannot be had are missing from the result."""
    name = f"{_PREFIX}{owner}-{next(_serial)}"
    folders: list[Path] = []
    memory = pids = False
    oom_file: Path | None = None
    for hierarchy in found:
        for parent in hierarchy.parents:
            folder = parent / name
            if hierarchy.version == 2:
                with contextlib.suppress(OSError):  # enabled already, or not ours to enable: the next lines find out
                    (parent / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in hierarchy.controllers))
            try:
                folder.mkdir()
                done = (_limit_v2 if hierarchy.version == 2 else _limit_v1)(folder, hierarchy.controllers, limits)
            except OSError:
                with contextlib.suppress(OSError):
                    folder.rmdir()
                continue
            folders.append(folder)
            memory |= "memory" in done
            pids |= "pids" in done
            if "memory" in done:
                oom_file = folder / ("memory.events" if hierarchy.version == 2 else "memory.oom_control")
            break
    return Group(tuple(folders), memory, pids, oom_file)


def _limit_v1(folder: Path, controllers: frozenset[str], limits: Limits) -> set[str]:
    if "memory" in controllers:
        (folder / "memory.limit_in_bytes").write_text(str(limits.memory_mb * 1024 * 1024))
        with contextlib.suppress(OSError):  # only where the kernel accounts for swap
            (folder / "memory.memsw.limit_in_bytes").write_text(str(limits.memory_mb * 1024 * 1024))
    if "pids" in controllers:
        (folder / "pids.max").write_text(str(limits.pids))
    if "cpu" in controllers:
        (folder / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (folder / "cpu.cfs_quota_us").write_text(str(math.ceil(limits.cpus * _PERIOD_US)))
    return set(controllers)


def _limit_v2(folder: Path, controllers: frozenset[str], limits: Limits) -> set[str]:
    """Raises FileNotFoundError when the parent has not delegated memory and pids."""
    (folder / "memory.max").write_text(str(limits.memory_mb * 1024 * 1024))
    (folder / "pids.max").write_text(str(limits.pids))
    with contextlib.suppress(OSError):  # only where the kernel has swap
        (folder / "memory.swap.max").write_text("0")
    if "cpu" in controllers:
        with contextlib.suppress(OSError):  # memory and pids are often delegated without cpu
            (folder / "cpu.max").write_text(f"{math.ceil(limits.cpus * _PERIOD_US)} {_PERIOD_US}")
    return {"memory", "pids"}


def leftovers(found: list[Hierarchy]) -> list[tuple[str, Path]]:
    """(owner, folder) of every group that some QLP process made."""
    seen = []
    for hierarchy in found:
        for parent in hierarchy.parents:
            for folder in parent.glob(f"{_PREFIX}*-*"):
                seen.append((folder.name.removeprefix(_PREFIX).rsplit("-", 1)[0], folder))
    return seen


def remove(folder: Path) -> None:
    """Kill everything in a group and remove it."""
    _remove(folder)


def _remove(folder: Path) -> None:
    end = time.monotonic() + _GONE_S
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > end:
                raise
            with contextlib.suppress(OSError):
                for pid in (folder / "cgroup.procs").read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.01)
        else:
            return
