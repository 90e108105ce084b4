"""Where and for whom one sandboxd works: what its keeper is told, and passes on to the worker."""

from __future__ import annotations

from pathlib import Path

from qlp.config import SandboxSettings
from qlp.models._base import Frozen

UNPRIVILEGED_UID = 64_342
"""Whom sandboxd becomes when root starts it and names nobody: a uid that no distribution gives to a person."""


class Post(Frozen):
    settings: SandboxSettings
    home: Path
    socket: Path
    allowed: frozenset[int]
    """Uids of callers."""
    group: int | None = None
    """Group that may open the socket; None: its owner only."""
    user: int | None = None
    """Uid to become when started as root; None keeps root."""
    watch: int | None = None
    """Process at whose end sandboxd ends."""
