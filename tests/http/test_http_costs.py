"""/v1/costs, /v1/budgets, /v1/estimate and 402, over a socket and without Ray."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from actors.client import open_database
from qlp.budget import Call, Ledger, Spender
from qlp.models import Usage
from qlp.store import RunStore
from tests.support.api import Api, open_api

pytestmark = pytest.mark.http
REST = "Build a REST API for books with title and author"
MODEL = "Build a parser for the ABNF of RFC 5322 with error recovery"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with open_api(tmp_path, door=None) as api:
        yield api


@pytest.fixture
async def http(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    async with api.client(await api.new_key("acme")) as client:
        yield client


async def spend(api: Api, run: str, usd: str, *, tenant: str = "acme", model: str = "openai:a") -> None:
    database = open_database(api.settings.home)
    ledger = Ledger(database)
    call = Call(run_id=run, key="k", attempt=model, model=model, spender=Spender(tenant=tenant))
    kept = await ledger.reserve(call, Decimal(usd))
    await ledger.settle(kept, Usage(calls=1, input_tokens=5, output_tokens=5, cost_usd=Decimal(usd)))
    database.close()


async def test_a_caller_sees_its_tenants_costs_as_json_and_csv(api: Api, http: httpx.AsyncClient) -> None:
    await spend(api, "r1", "0.25")
    await spend(api, "r1", "0.50", model="openai:b")
    await spend(api, "r2", "9", tenant="other")
    report = (await http.get("/v1/costs", params={"group_by": "model", "since": "1d"})).json()
    assert [(r["group"], r["cost_usd"]) for r in report["data"]] == [("openai:b", "0.5"), ("openai:a", "0.25")]
    assert report["total"]["cost_usd"] == "0.75"
    for answer in (
        await http.get("/v1/costs", headers={"Accept": "text/csv"}),
        await http.get("/v1/costs", params={"format": "csv"}),
    ):
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.text.splitlines()[1].startswith("r1,0.75,0,0,2,0,10,10")
    assert (await http.get("/v1/costs", params={"run": "r2"})).json()["data"] == []
    assert (await http.get("/v1/costs", params={"since": "soon"})).status_code == 400
    assert (await http.get("/v1/costs", params={"group_by": "colour"})).status_code == 422
    assert (await http.get("/v1/runs/r1/cost")).status_code == 404


async def test_the_cost_of_a_run(api: Api, http: httpx.AsyncClient) -> None:
    run = (await http.post("/v1/runs", json={"text": REST})).json()["id"]
    await spend(api, run, "0.25")
    assert (await http.get(f"/v1/runs/{run}/cost")).json()["total"]["cost_usd"] == "0.25"
    async with api.client(await api.new_key("other")) as stranger:
        assert (await stranger.get(f"/v1/runs/{run}/cost")).status_code == 404


async def test_a_used_up_budget_answers_402_to_what_needs_a_model(api: Api, http: httpx.AsyncClient) -> None:
    before = await http.post("/v1/runs", json={"text": MODEL}, headers={"Idempotency-Key": "one"})
    assert before.status_code == 202
    set_ = await http.put("/v1/budgets", json={"period": "day", "cap_usd": "1.00"})
    assert set_.json()["data"][0]["remaining_usd"] == "1"
    await spend(api, "r1", "1")
    refused = await http.post("/v1/runs", json={"text": MODEL})
    assert refused.status_code == 402
    problem = refused.json()
    assert (problem["code"], problem["scope"], problem["period"]) == ("budget_exceeded", "tenant", "day")
    assert problem["resets_at"]
    assert (await http.post("/v1/runs", json={"text": REST})).status_code == 202  # a blueprint costs nothing
    again = await http.post("/v1/runs", json={"text": MODEL}, headers={"Idempotency-Key": "one"})
    assert again.json()["id"] == before.json()["id"]
    assert (await http.put("/v1/budgets", json={"period": "day", "cap_usd": "2"})).status_code == 200
    assert (await http.post("/v1/runs", json={"text": MODEL})).status_code == 202
    assert (await http.delete("/v1/budgets", params={"period": "day"})).status_code == 204
    assert (await http.delete("/v1/budgets", params={"period": "day"})).status_code == 404
    assert (await http.get("/v1/budgets")).json()["data"] == []


async def test_the_runs_key_pays(api: Api, http: httpx.AsyncClient) -> None:
    run = (await http.post("/v1/runs", json={"text": REST})).json()["id"]
    database = open_database(api.settings.home)
    kept = await Ledger(database).reserve(Call(run_id=run, key="k", attempt="1", model="m"), Decimal(1))
    assert kept.call.spender.tenant == "acme"
    assert kept.call.spender.api_key.startswith("key_")
    database.close()


@pytest.mark.parametrize(
    "wish",
    [{"cap_usd": "-1"}, {"cap_usd": "1", "scope": "key"}, {"cap_usd": "1", "scope": "run", "subject": "r"}, {}],
)
async def test_a_wrong_budget_is_refused(http: httpx.AsyncClient, wish: dict[str, str]) -> None:
    assert (await http.put("/v1/budgets", json=wish)).status_code in (400, 422)


async def test_only_admins_change_budgets(api: Api) -> None:
    key = (await api.keys.create(tenant="acme", role="developer"))[1]
    async with api.client(key) as developer:
        refused = await developer.put("/v1/budgets", json={"cap_usd": "1"})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert (await developer.get("/v1/budgets")).status_code == 200


async def test_an_estimate_makes_nothing_and_refuses_what_a_run_would(http: httpx.AsyncClient) -> None:
    free = (await http.post("/v1/estimate", json={"text": REST, "max_cost_usd": "3"})).json()
    assert (free["basis"], free["likely_usd"], free["cap_usd"]) == ("none", "0", "3")
    assert (await http.get("/v1/runs")).json()["data"] == []
    assert (await http.post("/v1/estimate", json={"text": "  "})).status_code == 400


async def test_a_waiting_run_is_resumed_with_a_new_cap(api: Api, http: httpx.AsyncClient) -> None:
    from qlp.models import Problem

    run = (await http.post("/v1/runs", json={"text": REST, "max_cost_usd": "0.10"})).json()["id"]
    database = open_database(api.settings.home)
    runs = RunStore(database)
    await runs.claim("x", live={"x"})
    assert await runs.pause(run, Problem(code="budget_exceeded", detail="d"))
    assert (await http.get(f"/v1/runs/{run}")).json()["status"] == "input_required"
    assert (await http.post(f"/v1/runs/{run}/resume", json={"max_cost_usd": "-1"})).status_code == 422
    resumed = await http.post(f"/v1/runs/{run}/resume", json={"max_cost_usd": "0.50"})
    assert (resumed.status_code, resumed.json()["status"]) == (202, "queued")
    cap = Decimal("0.10")
    await Ledger(database).reserve(Call(run_id=run, key="k", attempt="1", model="m"), Decimal("0.45"), cap=cap)
    assert (await http.post(f"/v1/runs/{run}/resume")).status_code == 202  # no body
    database.close()
