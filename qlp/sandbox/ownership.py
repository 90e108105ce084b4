"""Who owns a sandbox: a lock held by the process that made it, so that anybody can see when that process is gone."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import uuid
from pathlib import Path


class Owner:
    """A lock file under `$QLP_HOME/run/owners`, held (flock) as long as this object and its process live."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "run" / "owners"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.id = uuid.uuid4().hex
        self.home_id = home_id(home)
        # Created under another name: a file of a living owner is never seen unlocked.
        scratch = self.folder / f".{self.id}"
        self._fd = os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        os.write(self._fd, f"{os.getpid()}\n".encode())
        scratch.rename(self.folder / self.id)

    def alive(self, owner: str) -> bool:
        """Whether the process that made `owner` still runs. An unknown owner is dead."""
        if owner == self.id:
            return True
        if not owner.isalnum():
            return False
        try:
            fd = os.open(self.folder / owner, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(fd)

    def forget_dead(self) -> None:
        """Remove the files of owners that are gone; call after their sandboxes were removed."""
        for file in self.folder.iterdir():
            if not file.name.startswith(".") and not self.alive(file.name):
                file.unlink(missing_ok=True)

    def close(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self.folder / self.id).unlink()
        os.close(self._fd)


def home_id(home: Path) -> str:
    """Names one QLP_HOME on one machine: on a shared engine, only its own leftovers are reaped."""
    return hashlib.sha256(f"{socket.gethostname()}\0{home.resolve()}".encode()).hexdigest()[:16]
