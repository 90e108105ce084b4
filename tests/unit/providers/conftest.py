from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import provider_shapes
from tests.support.scripted_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server without a script; tests set `server.replies`."""
    with ScriptedServer() as running:
        yield running


@pytest.fixture(params=provider_shapes.NAMES)
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shaped(shape: str) -> Iterator[ScriptedServer]:
    """A server of every shape in turn."""
    with ScriptedServer(shape=shape) as running:
        yield running
