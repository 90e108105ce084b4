"""What the sandboxes of a backend object have left on the host: containers, control groups, mounts, processes."""

from __future__ import annotations

import os
from pathlib import Path

from qlp.config import Settings
from qlp.sandbox import cgroups, engine
from qlp.sandbox.bubblewrap import BubblewrapBackend
from qlp.sandbox.docker import DockerBackend


def left_on_host(backend: DockerBackend | BubblewrapBackend) -> list[str]:
    """Names of things; empty if all is gone."""
    if isinstance(backend, DockerBackend):
        client = engine.connect(engine.engine_url(Settings().sandbox, Settings().home))
        try:
            label = f"qlp.owner={backend.owner_id}"
            return [c["Id"] for c in client.api.containers(all=True, filters={"label": label})]
        finally:
            client.close()
    owner = f".{backend._own().id}"
    groups = [str(folder) for of, folder in cgroups.leftovers(cgroups.hierarchies()) if of.endswith(owner)]
    return groups + [f"process {pid}" for pid in _children(os.getpid(), b"bwrap")]


def traces_of(ids: list[str]) -> list[str]:
    """Mounts, control groups and folders whose names hold one of these container ids."""
    found = []
    mounts = Path("/proc/self/mountinfo").read_text()
    for id in ids:
        found += [line for line in mounts.splitlines() if id in line]
        for top in ("/sys/fs/cgroup", "/run/docker", "/var/run/docker"):
            for at, folders, _ in os.walk(top):
                found += [f"{at}/{name}" for name in folders if id in name]
    return found


def _children(parent: int, program: bytes) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                of = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if of == parent and program in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found
