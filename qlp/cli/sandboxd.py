"""`qlp sandboxd`: the process that has the container engine, in the foreground."""

from __future__ import annotations

import logging
from pathlib import Path

from qlp.config import Settings
from qlp.sandbox.daemon.command import run


def serve(socket: Path | None, allow_uid: list[str], group: str | None, user: str | None) -> None:
    """Until SIGTERM or Ctrl-C. Raises QLPError."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s sandboxd %(levelname)s %(message)s")
    run(Settings(), socket, allow_uid, group, user)
