from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qlp.cli.main import app
from tests.support.routing import Bench

pytestmark = pytest.mark.unit

run = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QLP_HOME", str(tmp_path))
    monkeypatch.setenv("QLP_MODELS__BASE_URL", "http://127.0.0.1:9/v1")  # nothing listens: it must not be asked
    monkeypatch.setenv("QLP_MODELS__API_KEY", "sk-test")
    monkeypatch.setenv("QLP_TIERS", json.dumps({t: {"model": f"model-{t}"} for t in ("t1", "t2", "t3")}))
    return tmp_path


def test_a_request_is_explained_with_its_alternatives() -> None:
    plain = run.invoke(app, ["route", "parse the invoices of my supplier"])
    assert plain.exit_code == 0, plain.output
    assert "t1 > t2 > t3" in plain.output
    assert "for each verified success" in plain.output
    assert "the price of a model is unknown" not in plain.output  # a model on this machine costs nothing a token
    forced = run.invoke(app, ["route", "parse the invoices of my supplier", "--tier", "t3", "--json"])
    decision = json.loads(forced.output)["decision"]
    assert decision["chosen"]["arm"]["ladder"][0]["tier"] == "t3"
    assert decision["alternatives"] == []


def test_a_policy_is_replayed_on_the_log(home: Path) -> None:
    async def fill() -> None:
        bench = Bench(home)
        for i in range(8):
            await bench.learn(f"run_{i}", verified=i != 3)

    empty = run.invoke(app, ["route", "replay", "--policy", "best"])
    assert empty.exit_code == 2
    asyncio.run(fill())
    told = run.invoke(app, ["route", "replay", "--policy", "ladder", "--json"])
    assert told.exit_code == 0, told.output
    replay = json.loads(told.stdout)
    assert (replay["rows"], replay["policy"]) == (8, "ladder")
    assert replay["dr"]["success"]["value"] == pytest.approx(7 / 8)  # it is what the log did
    shown = run.invoke(app, ["route", "replay", "--policy", "best"])
    assert "never possible in the log" in shown.output
    assert run.invoke(app, ["route", "replay", "--policy", "nonsense"]).exit_code == 2


def test_experiments_are_listed_and_an_unknown_one_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.invoke(app, ["experiments", "ls"]).exit_code == 0
    monkeypatch.setenv("QLP_ROUTING__EXPERIMENTS", json.dumps({"x": {"arms": {"a": {}, "b": {"policy": "best"}}}}))
    listed = run.invoke(app, ["experiments", "ls"])
    assert "x" in listed.output
    shown = run.invoke(app, ["experiments", "show", "x"])
    assert "b against a" in shown.output
    assert "no outcome yet" in shown.output
    assert run.invoke(app, ["experiments", "show", "y"]).exit_code == 1
