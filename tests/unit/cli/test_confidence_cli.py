from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qlp.cli.main import app
from qlp.confidence.features import features_of
from qlp.confidence.model import load_model, own_model
from qlp.confidence.outcomes import Cell, OutcomeStore, Prediction
from qlp.confidence.score import score
from qlp.models import Outcome, Request, Usage, Verdict
from qlp.store import Database, RunStore, sqlite_url
from qlp.store.schema import create_all
from tests.support.confidence_rows import made_rows

pytestmark = pytest.mark.unit


def scored_run(home: Path) -> str:
    """A finished run in the store of `home`, and what was predicted for it."""
    database = Database(sqlite_url(home))
    create_all(database)
    loaded = load_model()
    features = features_of(
        Verdict(input_digest="sha256:0", stages=(), verified=False), signals={"examples_pass_fraction": 1.0}
    )
    scored = score(loaded, features, "function", generator="model:m")
    outcome = Outcome(
        verified=True, decision="human_review", decided_because="0.90 is below 0.95", stages=(), usage=Usage(),
        confidence=scored.confidence, capsule="c.zip", capsule_digest="0", generator="model:m", timings={},
    )  # fmt: skip

    async def make() -> str:
        runs, outcomes = RunStore(database), OutcomeStore(database)
        run, _ = await runs.create(Request(text="x"), tenant="local", queue_limit=9)
        await runs.claim("me", live=["me"])
        await runs.finish(run.id, outcome=outcome)
        cell = Cell(tenant="local", generator="model:m", language="python", kind="function")
        await outcomes.predicted(
            Prediction(
                run_id=run.id,
                cell=cell,
                features=features,
                common_logit=scored.common_logit,
                probability=scored.confidence.probability,
                label=scored.confidence.label,
                model_digest=loaded.digest,
            )
        )
        return run.id

    return asyncio.run(make())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QLP_HOME", str(tmp_path))
    return tmp_path


def qlp(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["confidence", *words])
    return result.exit_code, result.stdout, result.stderr


def test_a_run_explains_itself_and_takes_an_outcome(home: Path) -> None:
    run = scored_run(home)
    code, said, _ = qlp("explain", run)
    assert code == 0
    assert "examples_pass_fraction" in said
    assert "human review: 0.90 is below 0.95" in said
    code, said, _ = qlp("outcome", run, "--wrong", "--source", "ci", "--json")
    assert code == 0
    assert json.loads(said)["outcomes"] == 1
    code, said, _ = qlp("report", "--json")
    assert code == 0
    (state,) = json.loads(said)["generators"]
    assert (state["cell"]["generator"], state["outcomes"], state["right"]) == ("model:m", 1, 0.0)


def test_outcomes_of_unknown_runs_and_sources_are_refused(home: Path) -> None:
    assert qlp("outcome", "run_x", "--correct")[0] == 1
    run = scored_run(home)
    assert qlp("outcome", "run_x", "--correct")[0] == 1
    code, _, problem = qlp("outcome", run, "--correct", "--source", "rumour")
    assert code == 2
    assert "user, ci, tests" in problem


def test_training_says_what_it_needs(home: Path) -> None:
    code, _, problem = qlp("train")
    assert (code, "--since 30d" in problem) == (2, True)
    code, _, problem = qlp("train", "--since", "yesterday")
    assert (code, "30d" in problem) == (2, True)
    scored_run(home)
    code, _, problem = qlp("train", "--since", "30d")
    assert code == 2
    assert "too few outcomes" in problem
    assert not own_model(home).exists()


def test_rows_are_reported_per_set_with_a_picture(home: Path) -> None:
    rows = home / "rows.jsonl"
    rows.write_text("".join(r.model_dump_json() + "\n" for r in made_rows(tasks=30, generators=5)))
    picture = home / "curves.png"
    code, said, problem = qlp("report", "--data", str(rows), "--png", str(picture), "--json")
    assert code == 0, problem
    report = json.loads(said)
    assert report["before"][0]["set"] == "made_a"
    assert report["before"][0]["auroc"] > 0.7
    assert picture.read_bytes().startswith(b"\x89PNG")
    code, said, _ = qlp("report", "--data", str(rows))
    assert code == 0
    assert "made_a" in said


def test_the_shipped_report_is_shown(home: Path) -> None:
    code, said, _ = qlp("report")
    assert code == 0
    assert load_model().digest in said
    assert "goals" in said
