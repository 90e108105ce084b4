"""/v1/route and /v1/experiments over a socket; no model is asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from qlp.config import ExperimentArm, ExperimentSettings
from qlp.routing.decision import Assigned
from qlp.routing.experiments.store import ExperimentStore, RunObserved, version_of
from qlp.store import Database, sqlite_url
from tests.support.api import Api, open_api

pytestmark = pytest.mark.http

TWO = ExperimentSettings(arms={"control": ExperimentArm(), "new": ExperimentArm(policy="best")})


@pytest.fixture
async def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setenv("QLP_MODELS__BASE_URL", "http://127.0.0.1:9/v1")  # nothing listens: it must not be asked
    monkeypatch.setenv("QLP_MODELS__API_KEY", "sk-test")
    monkeypatch.setenv("QLP_TIERS", json.dumps({"t1": {"model": "gpt-4o-mini"}, "t2": {"model": "gpt-4o"}}))
    monkeypatch.setenv("QLP_ROUTING__EXPERIMENTS", json.dumps({"x": TWO.model_dump(mode="json")}))
    async with open_api(tmp_path, None) as opened:
        yield opened


async def test_a_request_for_a_model_is_explained(api: Api) -> None:
    async with api.client(await api.new_key("acme")) as http:
        answer = await http.post("/v1/route", json={"text": "parse the invoices of my supplier", "language": "python"})
        assert answer.status_code == 200, answer.text
        route = answer.json()
        assert (route["tier"], route["n"]) == ("t1", 1)
        assert route["model"].endswith("gpt-4o-mini")
        assert route["expected_cost_per_success_usd"] > 0
        names = [e["arm"]["ladder"] for e in route["decision"]["alternatives"]]
        assert [[rung["tier"] for rung in ladder] for ladder in names] == [["t2"]]
        forced = (await http.post("/v1/route", json={"text": "parse the invoices", "tier": "t2"})).json()
        assert forced["tier"] == "t2"
        assert forced["decision"]["overrides"] == ["the request asks for t2"]


async def test_a_blueprint_needs_no_model_and_a_wrong_request_is_refused(api: Api) -> None:
    async with api.client(await api.new_key("acme")) as http:
        text = "Build a REST API for a bookstore: books with title, author and price"
        route = (await http.post("/v1/route", json={"text": text})).json()
        assert route["generator"].startswith("blueprint:")
        assert (route["tier"], route["expected_cost_usd"], route["decision"]) == ("t0", 0.0, None)
        refused = await http.post("/v1/route", json={"text": " "})
        assert refused.status_code == 400
        assert refused.json()["code"] == "invalid_request"
        assert (await http.post("/v1/route", json={"text": "x", "tier": "t9"})).status_code == 422
    async with api.client() as stranger:
        assert (await stranger.post("/v1/route", json={"text": "x"})).status_code == 401


async def test_a_tenant_sees_its_own_units_of_an_experiment(api: Api) -> None:
    store = ExperimentStore(Database(sqlite_url(api.settings.home)), {"x": TWO})
    for tenant in ("acme", "other"):
        one = Assigned(experiment="x", version=version_of(TWO), arm="new", unit=f"run_{tenant}")
        run = RunObserved(run_id=f"run_{tenant}", tenant=tenant, verified=True, cost_usd=0.5, seconds=3.0)
        await store.observed(one, run)
    async with api.client(await api.new_key("acme")) as http:
        listed = (await http.get("/v1/experiments")).json()
        assert (listed["object"], listed["first_id"], listed["has_more"]) == ("list", "x", False)
        assert sum(a["units"] for a in listed["data"][0]["arms"]) == 1
        assert (await http.get("/v1/experiments/x")).json()["comparisons"][0]["says"] == "undecided"
        assert (await http.get("/v1/experiments/none")).status_code == 404
