"""How a command reaches the runs: the server that `qlp up` started, or a private cluster for this one command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from qlp.client.discovery import left_by_up
from qlp.client.http import HttpRunClient
from qlp.client.protocol import RunClient
from qlp.config import Settings
from qlp.errors import ServerUnreachableError


def server_of(settings: Settings) -> tuple[str, str] | None:
    """URL and key that `qlp up` left in $QLP_HOME/run/client.json, or None."""
    return left_by_up(settings.home)


@asynccontextmanager
async def run_client(settings: Settings, *, start: bool) -> AsyncIterator[RunClient]:
    """The running server's client; else, if `start`, a private cluster. Raises ServerUnreachableError."""
    server = server_of(settings)
    if server is not None:
        async with HttpRunClient(*server) as client:
            yield client
        return
    if not start:
        raise ServerUnreachableError("no QLP server runs here: start it with `qlp up`")
    from qlp.plugins import launcher

    async with launcher().ephemeral(settings) as private:
        yield private
