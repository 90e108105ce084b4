"""After a job: is the sandbox as it was? Nothing of a job can be left, by construction; this looks all the same."""

from __future__ import annotations

import os

Picture = tuple[int, tuple[tuple[int, int], ...]]


class PostCheck:
    """Compares only while jobs are alone: commands of a session may change the sandbox as they like."""

    def __init__(self, root: str) -> None:
        self._folders = [folder for folder in (root, "/tmp", "/dev/shm") if os.path.isdir(folder)]
        self._before: Picture | None = None

    def disturbed(self) -> None:
        """Something else than a job runs: what it changes is no finding."""
        self._before = None

    def before(self, *, alone: bool) -> None:
        """A job is about to start; `alone`: nothing else runs or ran since the last look."""
        if alone and self._before is None:
            self._before = self._look()

    def after(self, *, alone: bool) -> str:
        """What is not as it was, empty if all is well; `alone`: no other job, command or probe is under way."""
        if not alone or self._before is None:
            return ""
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            pid = -1
        if pid >= 0:
            return "a process is left"
        descriptor, places = self._look()
        if descriptor != self._before[0]:
            return "a descriptor is left"
        if places != self._before[1]:
            return "a file is left"
        return ""

    def _look(self) -> Picture:
        """The lowest free descriptor; free blocks and inodes of the places that are writable from outside a job."""
        free = os.dup(2)
        os.close(free)
        found = []
        for folder in self._folders:
            state = os.statvfs(folder)
            found.append((state.f_bfree, state.f_ffree))
        return free, tuple(found)
