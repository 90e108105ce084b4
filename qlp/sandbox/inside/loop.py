"""Waiting for descriptors: poll(2) and a callback each.

poll and not epoll: a descriptor that we close while a fresh child still has a copy stays in an epoll set for ever.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterable
from typing import Any

READ, WRITE = select.POLLIN, select.POLLOUT


class Loop:
    def __init__(self) -> None:
        self._poll = select.poll()
        self._owners: dict[int, Callable[[int], Any]] = {}

    def watch(self, fd: int, events: int, callback: Callable[[int], Any]) -> None:
        self._poll.register(fd, events)
        self._owners[fd] = callback

    def unwatch(self, fds: Iterable[int]) -> None:
        """Before or after they were closed, but before another file can have their numbers."""
        for fd in fds:
            if self._owners.pop(fd, None) is not None:
                self._poll.unregister(fd)

    def wait(self, timeout_s: float | None) -> None:
        """Until something happened or the time is over; calls the callbacks."""
        for fd, _ in self._poll.poll(None if timeout_s is None else timeout_s * 1000 + 1):
            owner = self._owners.get(fd)
            if owner is not None:  # else unwatched by an event of this same round
                owner(fd)
