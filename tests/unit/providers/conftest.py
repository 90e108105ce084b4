from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.scripted_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server without a script; tests set `server.replies`."""
    with ScriptedServer() as running:
        yield running
