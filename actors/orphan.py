"""Ends an actor's process when its raylet is gone.

Ray does this by itself, but on a busy machine it takes a minute, in which nobody could resume the actor's runs: they
look alive.
"""

from __future__ import annotations

import os
import threading
import time

POLL_S = 1.0


def exit_with_parent() -> None:
    """The process is killed without clean-up, as by kill -9: what matters is on disk, sandboxes are reaped."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_S)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
