from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from qlp.budget import PriceBook
from qlp.budget.estimate import Estimate
from qlp.budget.history import History
from qlp.config import Settings
from qlp.errors import InputError, NoGeneratorError, ProviderUnavailableError
from qlp.models import Request
from qlp.pipeline.forecast import forecast
from qlp.pipeline.models import Available
from qlp.providers.endpoint import Endpoint
from qlp.store import Database, sqlite_url
from qlp.store.schema import create_all

pytestmark = pytest.mark.unit
PARSER = Request(text="Write a parser for RFC 5322 dates with error recovery", max_cost_usd=Decimal(2))


class Models:
    def __init__(self, name: str | None, error: Exception | None = None) -> None:
        self._name = name
        self._error = error

    async def available(self) -> Available:
        if self._error:
            raise self._error
        return Available(default=self._name)

    async def provider(self, tier: str) -> tuple[Any, None]:
        endpoint = Endpoint(base_url="https://api.openai.com/v1", label="openai", source="openai")
        return SimpleNamespace(name=self._name, endpoint=endpoint), None


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    database = Database(sqlite_url(tmp_path))
    create_all(database)
    yield History(database)
    database.close()


async def ask(history: History, models: Models, tmp_path: Path, request: Request = PARSER) -> Estimate:
    settings = Settings(home=tmp_path)
    return await forecast(request, settings, models, history, PriceBook(), tenant="t")  # type: ignore[arg-type]


async def test_a_model_of_known_price_is_guessed_at(history: History, tmp_path: Path) -> None:
    found = await ask(history, Models("openai:gpt-4o-mini"), tmp_path)
    assert (found.generator, found.basis, found.cap_usd) == ("model:openai:gpt-4o-mini", "prior", 2)
    assert found.low_usd is not None
    assert found.high_usd is not None
    assert 0 < found.low_usd < found.high_usd


async def test_an_unknown_price_or_a_silent_model_gives_no_amount(history: History, tmp_path: Path) -> None:
    for models in (Models("openai:mine"), Models(None, ProviderUnavailableError("nobody listens"))):
        found = await ask(history, models, tmp_path)
        assert (found.basis, found.low_usd, found.likely_usd, found.high_usd) == ("unknown", None, None, None)


async def test_what_a_run_would_be_refused_with_is_said_here(history: History, tmp_path: Path) -> None:
    with pytest.raises(NoGeneratorError):
        await ask(history, Models(None), tmp_path)
    with pytest.raises(InputError):
        await ask(history, Models("openai:gpt-4o-mini"), tmp_path, Request(text=" "))
    free = await ask(history, Models(None), tmp_path, Request(text="Build a REST API for books with title and author"))
    assert (free.basis, free.high_usd) == ("none", 0)
