from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qlp.confidence.model import ConfidenceModel, Loaded, load_model
from qlp.confidence.outcomes import Cell, OutcomeStore, Prediction
from qlp.errors import InputError, NotFoundError
from qlp.store.engine import Database, sqlite_url

pytestmark = pytest.mark.unit

CELL = Cell(tenant="local", generator="model:m", language="python", kind="function")


class Ticking:
    """A clock that goes on by a minute at every reading."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> OutcomeStore:
    return OutcomeStore(Database(sqlite_url(tmp_path)), Ticking())


@pytest.fixture
def loaded() -> Loaded:
    return load_model()


def prediction(
    run: str, cell: Cell = CELL, *, p: float = 0.8, label: str = "calibrated", digest: str = ""
) -> Prediction:
    return Prediction(
        run_id=run,
        cell=cell,
        features={"examples_pass_fraction": 1.0, "coverage": None},
        common_logit=1.25,
        probability=p,
        label=label,
        model_digest=digest or load_model().digest,
    )


async def test_an_outcome_is_told_once_per_run_and_the_latest_word_counts(store: OutcomeStore, loaded: Loaded) -> None:
    await store.predicted(prediction("run_1"))
    assert (await store.known(CELL, loaded)).here == ()
    first = await store.record_outcome("run_1", correct=True, source="user", tenant="local")
    assert first.outcomes == 1
    await store.predicted(prediction("run_1"))  # a replay of the run writes it again
    assert (await store.known(CELL, loaded)).here == ((1.25, 1),)
    second = await store.record_outcome("run_1", correct=False, source="ci", tenant="local")
    assert second.outcomes == 1
    assert (await store.known(CELL, loaded)).here == ((1.25, 0),)


async def test_a_run_that_was_not_scored_here_has_no_outcome(store: OutcomeStore) -> None:
    await store.predicted(prediction("run_1"))
    with pytest.raises(NotFoundError, match="run_2"):
        await store.record_outcome("run_2", correct=True, source="user", tenant="local")
    with pytest.raises(NotFoundError):
        await store.record_outcome("run_1", correct=True, source="user", tenant="somebody-else")
    with pytest.raises(InputError, match="rumour"):
        await store.record_outcome("run_1", correct=True, source="rumour", tenant="local")  # type: ignore[arg-type]


async def test_outcomes_are_kept_apart_by_tenant_generator_language_and_kind(
    store: OutcomeStore, loaded: Loaded
) -> None:
    others = [
        CELL.model_copy(update={"language": "javascript"}),
        CELL.model_copy(update={"generator": "model:other"}),
        CELL.model_copy(update={"tenant": "them"}),
    ]
    for i, cell in enumerate([CELL, *others]):
        await store.predicted(prediction(f"run_{i}", cell))
        await store.record_outcome(f"run_{i}", correct=True, source="tests", tenant=cell.tenant)
    known = await store.known(CELL, loaded)
    assert len(known.here) == 1
    assert len(known.elsewhere) == 1, (
        "the same generator in another language; not another generator, not another tenant"
    )


async def test_results_scored_by_another_model_are_scored_again(store: OutcomeStore, loaded: Loaded) -> None:
    await store.predicted(prediction("run_1", digest="sha256:older"))
    await store.record_outcome("run_1", correct=True, source="user", tenant="local")
    ((common, _),) = (await store.known(CELL, loaded)).here
    assert common != 1.25


async def test_drift_is_found_and_falls_back_to_the_prior(
    store: OutcomeStore, loaded: Loaded, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(0)
    found = None
    for i in range(120):
        await store.predicted(prediction(f"run_{i}", p=0.9))
        right = chance.random() < (0.9 if i < 60 else 0.2)
        recorded = await store.record_outcome(f"run_{i}", correct=right, source="ci", tenant="local")
        if recorded.drift is not None:
            found = (i, recorded)
            break
    assert found is not None
    assert found[0] > 60, "no alert before anything changed"
    assert found[1].outcomes == 0
    assert (await store.known(CELL, loaded)).here == (), "what was known before no longer counts"
    assert "drifted" in caplog.text
    (state,) = await store.states("local")
    assert state.alerts == 1
    await store.predicted(prediction("run_after", label="uncalibrated for this model"))
    await store.record_outcome("run_after", correct=True, source="ci", tenant="local")
    assert len((await store.known(CELL, loaded)).here) == 1, "it begins to learn again"


async def test_told_outcomes_become_training_rows(store: OutcomeStore) -> None:
    for i in range(3):
        await store.predicted(prediction(f"run_{i}"))
    await store.record_outcome("run_0", correct=True, source="user", tenant="local")
    await store.record_outcome("run_1", correct=False, source="user", tenant="local")
    rows = await store.rows(tenant="local", since=datetime(2026, 10, 1, tzinfo=UTC))
    assert [(r.task, r.label) for r in rows] == [("run_0", 1), ("run_1", 0)]
    assert rows[0].features["examples_pass_fraction"] == 1.0
    assert not await store.rows(tenant="local", since=datetime(2027, 1, 1, tzinfo=UTC))
    assert not await store.rows(tenant="them", since=datetime(2026, 10, 1, tzinfo=UTC))


def test_the_shipped_model_loads_and_names_its_digest(loaded: Loaded) -> None:
    assert isinstance(loaded.model, ConfidenceModel)
    assert loaded.digest.startswith("sha256:")
    assert "function" in loaded.model.parts
