"""What sandboxd lets callers have. There is nothing else that they could ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qlp.config import SandboxSettings
from qlp.errors import InputError, OverloadedError
from qlp.sandbox.protocol import Limits

_SPARE = 4
"""Containers on top of those of a node's pool and sessions: the command line's, `qlp exec` above all."""


@dataclass(frozen=True)
class Policy:
    """Ceilings, fixed at the start. Profiles are the host's table: a name that is not in it is refused there."""

    runtimes: frozenset[str]
    memory_mb: int
    pids: int
    cpus: float
    disk_mb: int
    most_open: int
    """Containers at the same time, all callers together."""

    @classmethod
    def of(cls, settings: SandboxSettings) -> Policy:
        return cls(
            runtimes=frozenset(settings.runtimes),
            memory_mb=settings.memory_mb,
            pids=settings.pids,
            cpus=settings.cpus,
            disk_mb=settings.disk_mb,
            most_open=2 * max(settings.keep, settings.concurrency) + settings.sessions + _SPARE,
        )

    def check(self, limits: Limits, runtime: str | None) -> None:
        """Raises InputError that names the ceiling and the setting that moves it."""
        if runtime is not None and runtime not in self.runtimes:
            known = ", ".join(sorted(self.runtimes)) or "none"
            raise InputError(f"the runtime {runtime[:80]!r} is not allowed (QLP_SANDBOX__RUNTIMES: {known})")
        for name in ("memory_mb", "pids", "cpus", "disk_mb"):
            asked, most = getattr(limits, name), getattr(self, name)
            if not math.isfinite(asked) or not 0 < asked <= most:
                raise InputError(
                    f"{name} must be over 0 and at most {most:g} (QLP_SANDBOX__{name.upper()}), not {asked:g}"
                )
        for name in ("wall_s", "file_mb", "output_bytes", "inodes"):
            asked = getattr(limits, name)
            if not math.isfinite(asked) or asked <= 0:
                raise InputError(f"{name} must be over 0, not {asked:g}")

    def check_room(self, open_now: int) -> None:
        """Raises OverloadedError."""
        if open_now >= self.most_open:
            raise OverloadedError(f"{open_now} sandboxes are open on this node; try again later", retry_after_s=2)
