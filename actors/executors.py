"""Which executors live: each holds a file lock for as long as its process exists.

The kernel drops the lock with the process, also after kill -9, so "dead" is a fact and not a time-out. All executors
of one SQLite store are on one machine, which is what makes a file lock enough.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

_KEEP_DEAD_S = 60.0


def _folder(home: Path) -> Path:
    folder = home / "run" / "executors"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


class ExecutorLock:
    """Held until `release` or the end of the process."""

    def __init__(self, home: Path, executor: str) -> None:
        self.executor = executor
        self._file = _folder(home) / f"{executor}.lock"
        self._fd = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def release(self) -> None:
        self._file.unlink(missing_ok=True)
        os.close(self._fd)


def live_executors(home: Path) -> frozenset[str]:
    """Names of the executors whose process exists; forgets files that have been dead for a while."""
    live: set[str] = set()
    for file in _folder(home).glob("*.lock"):
        try:
            fd = os.open(file, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            # shared, so that two processes that look at the same time do not see each other
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            live.add(file.stem)
        else:
            if time.time() - os.fstat(fd).st_mtime > _KEEP_DEAD_S:
                file.unlink(missing_ok=True)
        finally:
            os.close(fd)
    return frozenset(live)
