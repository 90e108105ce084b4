from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qlp.store.engine import Database, sqlite_url


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(sqlite_url(tmp_path), durable=False)
    yield made
    made.close()
