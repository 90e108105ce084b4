"""Names of Unix sockets whose path is too long for the kernel."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_LIMIT = 100
"""AF_UNIX names end at 108 bytes on Linux."""


@contextlib.contextmanager
def address(path: Path) -> Iterator[str]:
    """What to give to `bind` or `connect`, inside the block. Raises FileNotFoundError if there is no such folder."""
    if len(os.fsencode(path)) < _LIMIT:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
