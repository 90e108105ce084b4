"""Who owns a sandbox: a lock held by the process that uses it, so that anybody can see when that process is gone."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import time
import uuid
from pathlib import Path

_SCRATCH_S = 60.0
"""A lock file under construction is older than this only if its maker was killed."""


class Register:
    """The folder `$QLP_HOME/run/owners`, held open: a process may reach it after it gave up the right to its path."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "run" / "owners"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home_id = home_id(home)
        self.fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def alive(self, owner: str) -> bool:
        """Whether somebody still holds the lock of `owner`. An unknown owner is dead."""
        return owner.isalnum() and self._locked(owner)

    def forget_dead(self) -> None:
        """Remove the files of owners that are gone; call after their sandboxes were removed."""
        for name in os.listdir(self.fd):
            with contextlib.suppress(FileNotFoundError):
                if name.startswith(".") and time.time() - os.stat(name, dir_fd=self.fd).st_mtime < _SCRATCH_S:
                    continue
                if not self._locked(name):
                    os.unlink(name, dir_fd=self.fd)

    def close(self) -> None:
        os.close(self.fd)

    def _locked(self, name: str) -> bool:
        try:
            fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.fd)
        except FileNotFoundError:
            return False
        except PermissionError:  # another user's: whoever may read it judges it
            return True
        try:
            # Shared: two that ask at the same time do not take each other for the owner.
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(fd)


class Owner:
    """A lock file, held (flock) as long as somebody has its descriptor open: this object, or who got a copy."""

    def __init__(self, home: Path | Register) -> None:
        self._register = home if isinstance(home, Register) else Register(home)
        self._closes_register = not isinstance(home, Register)
        self.folder = self._register.folder
        self.home_id = self._register.home_id
        self.id = uuid.uuid4().hex
        folder = self._register.fd
        # Created under another name: a file of a living owner is never seen unlocked.
        scratch = f".{self.id}"
        # Others may read it: flock needs no more, and a reaper may run as another user.
        self.fd = os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=folder)
        fcntl.flock(self.fd, fcntl.LOCK_EX)
        os.write(self.fd, f"{os.getpid()}\n".encode())
        os.rename(scratch, self.id, src_dir_fd=folder, dst_dir_fd=folder)

    def alive(self, owner: str) -> bool:
        """Whether somebody still holds the lock of `owner`. An unknown owner is dead."""
        return owner == self.id or self._register.alive(owner)

    def forget_dead(self) -> None:
        """Remove the files of owners that are gone; call after their sandboxes were removed."""
        self._register.forget_dead()

    def close(self) -> None:
        self.forget()
        self.give_away()

    def forget(self) -> None:
        """Remove the file: nothing is owned any more, whoever holds the lock."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.id, dir_fd=self._register.fd)

    def give_away(self) -> None:
        """Close our descriptors only: who got a copy of the lock holds it now."""
        os.close(self.fd)
        if self._closes_register:
            self._register.close()


def home_id(home: Path) -> str:
    """Names one QLP_HOME on one machine: on a shared engine, only its own leftovers are reaped."""
    return hashlib.sha256(f"{socket.gethostname()}\0{home.resolve()}".encode()).hexdigest()[:16]
