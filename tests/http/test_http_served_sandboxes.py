"""The sandbox routes through Ray Serve and the manager actor: what only the whole way can show."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import httpx
import pytest

from tests.http.conftest import Served
from tests.http.test_http_bad_input import assert_problem
from tests.http.test_http_execute import events

pytestmark = pytest.mark.http


async def written(file: Path) -> None:
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(file.exists):  # noqa: ASYNC110  written by another process
            await asyncio.sleep(0.05)


async def test_a_stream_crosses_the_actor(http: httpx.AsyncClient) -> None:
    job = {"language": "python", "code": '{"sleep": 0.2}', "stream": True}
    told = events((await http.post("/v1/execute", json=job)).text)
    assert [(kind, data.get("stream")) for _, kind, data in told] == [
        ("execution.output.delta", "stderr"),
        ("execution.output.delta", "stdout"),
        ("execution.completed", None),
    ]
    execution = told[-1][2]["execution"]
    assert execution["stdout"] == told[1][2]["delta"]
    assert execution["acquire"]["path"] in ("warm", "cold")


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_goes_away_ends_its_program(http: httpx.AsyncClient, tmp_path: Path, stream: bool) -> None:
    note = tmp_path / "note"
    job = {"language": "python", "code": json.dumps({"sleep": 60, "note": str(note)}), "stream": stream}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(3):
            await http.post("/v1/execute", json=job)
    await written(note)


async def test_a_session_is_its_tenants_own(http: httpx.AsyncClient, served: Served) -> None:
    made = await http.post("/v1/sandboxes", json={"files": {"a.json": '{"x": 1}'}})
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    assert made.json()["id"].startswith("sbx_")
    ran = await http.post(f"{path}/exec", json={"command": ["cat", "a.json"], "stdin": "in"})
    assert json.loads(ran.json()["stdout"])["stdin"] == "in"
    assert (await http.get(f"{path}/files/a.json")).content == b'{"x": 1}'
    headers = {"Authorization": f"Bearer {await served.new_key('tenant-other')}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=30, trust_env=False) as other:
        assert_problem(await other.get(path), 404, "not_found")
        assert_problem(await other.post(f"{path}/exec", json={"command": "ls"}), 404, "not_found")
        assert (await other.get("/v1/sandboxes")).json()["data"] == []
    assert [row["id"] for row in (await http.get("/v1/sandboxes")).json()["data"]] == [made.json()["id"]]
    assert (await http.delete(path)).status_code == 204
    assert_problem(await http.get(path), 404, "not_found")
    assert_problem(await http.get("/v1/sandboxes/sbx_00000000_nobody"), 404, "not_found")


async def test_the_manager_refuses_what_the_platform_does_not_offer(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/execute", json={"language": "python", "code": "{}", "runtime": "made-up"})
    assert_problem(answer, 400, "invalid_request")
    assert "runc" in answer.json()["detail"]


async def test_run_code_through_the_cluster(served: Served) -> None:
    url = served.url.replace("http://", f"http://qlp:{await served.new_key('tenant-eval')}@")
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        jobs = ({"language": "python", "code": json.dumps({"sleep": 0.05, "n": n})} for n in range(30))
        answers = await asyncio.gather(*(client.post(f"{url}/run_code", json=job) for job in jobs))
    assert {a.status_code for a in answers} == {200}, "more callers than places wait and are not refused"
    assert {a.json()["status"] for a in answers} == {"Success"}
