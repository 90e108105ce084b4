"""How often the kernel killed because the sandbox's memory was full."""

from __future__ import annotations

import os


class OomCounter:
    """Reads the first of `files` that is there: `memory.events` of cgroup v2, `memory.oom_control` of v1."""

    def __init__(self, files: list[str]) -> None:
        self._fd = -1
        for file in files:
            try:
                self._fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
                break
            except OSError:
                continue

    def kills(self) -> int:
        """Processes killed so far; 0 where nobody counts."""
        if self._fd < 0:
            return 0
        try:
            text = os.pread(self._fd, 4096, 0)
        except OSError:
            return 0
        for line in text.splitlines():
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
        return 0
