"""What a sandbox container is: its configuration for the engine, and the runner's configuration inside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qlp.sandbox import boot, seccomp
from qlp.sandbox.profiles import WORKSPACE, environment
from qlp.sandbox.protocol import Limits

UID = 10001
MAX_LIFETIME_S = 4 * 3600.0
"""A container older than this is removed by any reaper, whoever owns it; the runner ends itself as well."""
_TMP_MB = 128
_SHM_MB = 64
_SENTRY_PIDS = 512
"""Threads of gVisor's own kernel, which the control group counts as well; it dies when it gets no more."""
_RUNNER_PIDS = 8
"""Processes of a sandbox that are not the job's: the runner, process 1 of each job, supervisors, probes."""
_OOM_FILES = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
"""Where the kernel counts out-of-memory kills: cgroup v2, v1."""


def create_options(image: str, labels: Mapping[str, str], limits: Limits, *, runtime: str | None) -> dict[str, Any]:
    """The container's configuration, as the engine's create call takes it."""
    megabyte = 1024 * 1024
    mount = f"rw,exec,nosuid,nodev,mode=0755,uid={UID},gid={UID},nr_inodes={limits.inodes}"
    disk_mb, tmp_mb, shm_mb = writable_mb(limits)
    host: dict[str, Any] = {
        "NetworkMode": "none",
        "Dns": ["127.0.0.1"],  # nobody there: the engine would write the host's name server down
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        # What the runner needs to give each job namespaces of its own; before any command is executed it adds the
        # strict system call list, and what the masks of /proc and AppArmor's default profile would stop is stopped by
        # that list, by the lack of capabilities and by the job's own /proc (docs/sandbox.md).
        "SecurityOpt": [
            "no-new-privileges:true",
            f"seccomp={seccomp.docker_profile(namespaces=True)}",
            "apparmor=unconfined",
        ],
        "MaskedPaths": [],
        "ReadonlyPaths": [],
        "Memory": limits.memory_mb * megabyte,
        "MemorySwap": limits.memory_mb * megabyte,
        "PidsLimit": limits.pids + (_SENTRY_PIDS if "runsc" in (runtime or "") else 0),
        "NanoCpus": math.ceil(limits.cpus * 1e9),
        "ShmSize": shm_mb * megabyte,
        "Tmpfs": {WORKSPACE: f"{mount},size={disk_mb}m", "/tmp": f"{mount},size={tmp_mb}m"},
        "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}, {"Name": "nofile", "Soft": 1024, "Hard": 4096}],
        "LogConfig": {"Type": "none"},
        "AutoRemove": True,
        "Init": False,  # the runner is process 1 itself: nothing inside can signal it
        "IpcMode": "private",
    }
    if runtime:
        host["Runtime"] = runtime
    return {
        "Image": image,
        "Cmd": list(boot.COMMAND),
        "Entrypoint": [],
        "User": f"{UID}:{UID}",
        "WorkingDir": WORKSPACE,
        "Hostname": "sandbox",
        "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": False,
        "StopSignal": "SIGKILL",
        "Labels": dict(labels),
        "HostConfig": host,
    }


def writable_mb(limits: Limits) -> tuple[int, int, int]:
    """Sizes of the workspace, /tmp and /dev/shm: their files are memory, and full they must not starve the runner."""
    disk = min(limits.disk_mb, max(16, limits.memory_mb // 2))
    tmp = min(_TMP_MB, max(16, limits.memory_mb // 4))
    return disk, tmp, min(_SHM_MB, tmp)


def runner_config(profile: str, limits: Limits, home: Path) -> dict[str, Any]:
    """What `Session.hello` tells the runner of a container."""
    return {
        "root": WORKSPACE,
        "env": {**environment(profile, home), "QLP_MEMORY_MB": str(limits.memory_mb)},
        "rlimits": {"FSIZE": limits.file_mb * 1024 * 1024, "CORE": 0},
        "cpu_s": limits.cpu_s,
        "output_bytes": limits.output_bytes,
        "lifetime_s": MAX_LIFETIME_S,
        "oom_files": list(_OOM_FILES),
        "jobs": job_config(limits),
    }


def job_config(limits: Limits) -> dict[str, Any]:
    """What a job gets: sizes of its places in bytes, and limits that count in its own user namespace only."""
    disk, tmp, shm = (mb * 1024 * 1024 for mb in writable_mb(limits))
    # A fork bomb meets this before the control group is full, so that the runner can always fork.
    processes = max(4, limits.pids - _RUNNER_PIDS)
    return {
        "workspace": disk,
        "tmp": tmp,
        "shm": shm,
        "inodes": limits.inodes,
        "rlimits": {"NPROC": processes},
    }
