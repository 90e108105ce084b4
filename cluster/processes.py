"""Whether a process is still the one that was started."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def members_of(session: int) -> tuple[int, ...]:
    """Living processes of a kernel session, its leader included. Ray gives each worker a process group of its own."""
    found = []
    for pid in _pids():
        try:
            if os.getsid(pid) == session and birth_of(pid) is not None:
                found.append(pid)
        except (ProcessLookupError, PermissionError):
            continue
    return tuple(found)


def _pids() -> list[int]:
    if Path("/proc/self/stat").exists():
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    shown = subprocess.run(("ps", "-axo", "pid="), capture_output=True, text=True, check=False, timeout=10).stdout
    return [int(word) for word in shown.split()]


def birth_of(pid: int) -> str | None:
    """Start time of a living process (a zombie does not live) in the kernel's own words; None if there is none."""
    stat = Path("/proc") / str(pid) / "stat"
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] == "Z" else fields[19]  # field 22 of proc(5): starttime
    shown = subprocess.run(
        ("ps", "-o", "stat=,lstart=", "-p", str(pid)), capture_output=True, text=True, check=False, timeout=10
    ).stdout.strip()
    return None if not shown or shown.startswith("Z") else shown.partition(" ")[2].strip()
