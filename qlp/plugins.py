"""What is plugged in by entry points. The core names protocols; outer layers register implementations.

`qlp.launchers`: starts and finds the cluster (`ray` is registered by the package `cluster`).
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

from qlp.client.protocol import RunClient
from qlp.config import Settings
from qlp.errors import QLPError
from qlp.models._base import Frozen


class ClusterStatus(Frozen):
    """What `qlp status` shows. `parts` maps a part (head, worker, http, ...) to `running` or why it is not."""

    running: bool
    url: str | None = None
    parts: dict[str, str] = {}


class Launched(Frozen):
    """Answer of `up`. `api_key` is shown once and None when the cluster was up already."""

    url: str
    api_key: str | None


class Launcher(Protocol):
    """Brings the durable runtime up."""

    def ephemeral(self, settings: Settings) -> AbstractAsyncContextManager[RunClient]:
        """A private cluster for one command; it and its temporary files are gone on exit."""

    def up(self, settings: Settings) -> Launched:
        """Start the cluster, the workers and the HTTP API; returns when they are ready."""

    def down(self, settings: Settings) -> bool:
        """Stop what `up` started, and nothing else. False when nothing ran."""

    def status(self, settings: Settings) -> ClusterStatus: ...


def launcher(name: str = "ray") -> Launcher:
    """Raises QLPError when the launcher is not installed."""
    found = [e for e in entry_points(group="qlp.launchers") if e.name == name]
    if not found:
        raise QLPError(f"no launcher {name!r} is installed: reinstall with `pip install qlp`")
    built: Any = found[0].load()
    return cast(Launcher, built())
