"""Where Podman's Docker API differs from Docker's (measured with 4.3, whose compatible API is 1.40)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from qlp.errors import SandboxUnavailableError
from qlp.sandbox import seccomp

_PROCESSES = 16_384
"""Of one uid, so of all sandboxes together."""


def is_podman(version: dict[str, Any]) -> bool:
    """From the reply of the engine's `/version`."""
    parts = version.get("Components") or ()
    return any("podman" in str(part.get("Name", "")).lower() for part in parts)


def adapted(options: dict[str, Any], seccomp_file: str) -> dict[str, Any]:
    """A container's configuration as Podman takes it.

    The system call profile is a file of its host, not text; a tmpfs has no owner (so it must be open to all) and no
    ceiling of inodes, other than those that jobs make for themselves.
    """
    host = dict(options["HostConfig"])
    host["SecurityOpt"] = [
        f"seccomp={seccomp_file}" if option.startswith("seccomp=") else option for option in host["SecurityOpt"]
    ]
    host["Tmpfs"] = {folder: _tmpfs(mount) for folder, mount in host["Tmpfs"].items()}
    # Unasked it would raise this limit over its own, which needs a right that it may not have; pids has its own limit.
    host["Ulimits"] = [*host["Ulimits"], {"Name": "nproc", "Soft": _PROCESSES, "Hard": _PROCESSES}]
    return {**options, "HostConfig": host}


def _tmpfs(mount: str) -> str:
    kept = [word for word in mount.split(",") if not word.startswith(("uid=", "gid=", "mode=", "nr_inodes="))]
    return ",".join([*kept, "mode=1777"])


def write_seccomp(home: Path) -> Path:
    """The profile as a file, whole or not there. Raises SandboxUnavailableError where it cannot be written."""
    text = seccomp.docker_profile()
    file = home / "run" / f"seccomp-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = file.with_name(f"{file.name}.{os.getpid()}")
            fresh.write_text(text, "utf-8")
            fresh.replace(file)
    except OSError as error:
        raise SandboxUnavailableError(
            f"Podman needs its system call profile as a file, and {file} cannot be written ({error}): start sandboxd "
            "after Podman, or as Podman's user"
        ) from error
    return file
