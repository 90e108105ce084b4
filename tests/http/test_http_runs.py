"""Runs over a real socket: create, follow, list, cancel, resume; the semantics that clients rely on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.http.conftest import Served, script

pytestmark = pytest.mark.http

Frame = tuple[int, str, dict[str, Any]]


async def create(http: httpx.AsyncClient, **fields: object) -> str:
    answer = await http.post("/v1/runs", json=script(**fields))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def frames(
    http: httpx.AsyncClient, run_id: str, *, most: int = 1000, headers: dict[str, str] | None = None, query: str = ""
) -> list[Frame]:
    found: list[Frame] = []
    async with http.stream("GET", f"/v1/runs/{run_id}/events{query}", headers=headers or {}) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in stream.aiter_lines():
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
                fields = {}
                if len(found) == most:
                    break
    return found


async def test_create_stream_get_and_list(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/runs", json=script())
    assert answer.status_code == 202
    body = answer.json()
    assert body["object"] == "run"
    assert answer.headers["location"] == f"/v1/runs/{body['id']}"
    told = await frames(http, body["id"])
    assert [number for number, _, _ in told] == list(range(1, len(told) + 1))
    assert told[0][1] == "run.created"
    assert told[-1][1] == "run.completed"
    assert all(data["type"] == name and data["sequence_number"] == number for number, name, data in told)
    run = (await http.get(f"/v1/runs/{body['id']}")).json()
    assert run["status"] == "completed"
    assert run["outcome"]["capsule"] == "package.zip"
    assert body["id"] in [r["id"] for r in (await http.get("/v1/runs")).json()["data"]]


async def test_a_broken_stream_is_reattached_without_loss_or_doubling(http: httpx.AsyncClient) -> None:
    run_id = await create(http, step_s=0.2)
    first = await frames(http, run_id, most=2)
    second = await frames(http, run_id, most=2, headers={"Last-Event-ID": str(first[-1][0])})
    rest = await frames(http, run_id, query=f"?starting_after={second[-1][0]}")
    whole = await frames(http, run_id)
    assert first + second + rest == whole
    assert await frames(http, run_id, headers={"Last-Event-ID": str(whole[-1][0])}) == []


async def test_many_listeners_hear_the_same(http: httpx.AsyncClient) -> None:
    run_id = await create(http, step_s=0.1)
    told = await asyncio.gather(*(frames(http, run_id) for _ in range(10)))
    assert all(one == told[0] for one in told)
    assert told[0][-1][1] == "run.completed"


async def test_cancel_and_resume(http: httpx.AsyncClient) -> None:
    run_id = await create(http, step_s=2.0)
    await frames(http, run_id, most=4)
    assert (await http.post(f"/v1/runs/{run_id}/cancel")).json()["status"] == "cancelled"
    assert (await frames(http, run_id))[-1][1] == "run.cancelled"
    assert (await http.post(f"/v1/runs/{run_id}/resume")).status_code == 202
    assert (await frames(http, run_id))[-1][1] == "run.completed"
    again = await http.post(f"/v1/runs/{run_id}/resume")
    assert again.status_code == 409
    assert again.json()["code"] == "conflict"


async def test_a_failed_run_tells_its_problem(http: httpx.AsyncClient) -> None:
    run_id = await create(http, fail="test")
    assert (await frames(http, run_id))[-1][1] == "run.failed"
    assert (await http.get(f"/v1/runs/{run_id}")).json()["problem"]["code"] == "generation_failed"
    assert (await http.get(f"/v1/runs/{run_id}/capsule")).status_code == 404


async def test_an_idempotency_key_gives_one_run_also_to_concurrent_callers(http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "order-1"}
    answers = await asyncio.gather(*(http.post("/v1/runs", json=script(), headers=headers) for _ in range(6)))
    assert {a.status_code for a in answers} == {202}
    assert len({a.json()["id"] for a in answers}) == 1
    other = await http.post("/v1/runs", json=script(step_s=0.01), headers=headers)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"


async def test_concurrent_callers_get_a_run_each(http: httpx.AsyncClient) -> None:
    ids = await asyncio.gather(*(create(http) for _ in range(12)))
    assert len(set(ids)) == 12
    ends = await asyncio.gather(*(frames(http, run_id) for run_id in ids))
    assert {told[-1][1] for told in ends} == {"run.completed"}


async def test_pages(served: Served) -> None:
    headers = {"Authorization": f"Bearer {await served.new_key('tenant-pages')}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=30, trust_env=False) as http:
        assert (await http.get("/v1/runs")).json() == {
            "object": "list",
            "data": [],
            "first_id": None,
            "last_id": None,
            "has_more": False,
        }
        made = [await create(http) for _ in range(3)]
        page = (await http.get("/v1/runs", params={"limit": 2})).json()
        assert [r["id"] for r in page["data"]] == [made[2], made[1]]
        assert (page["first_id"], page["last_id"], page["has_more"]) == (made[2], made[1], True)
        rest = (await http.get("/v1/runs", params={"limit": 2, "after": page["last_id"]})).json()
        assert [r["id"] for r in rest["data"]] == [made[0]]
        assert not rest["has_more"]
        rising = (await http.get("/v1/runs", params={"order": "asc"})).json()
        assert [r["id"] for r in rising["data"]] == made
        for query in ({"limit": 0}, {"limit": 101}, {"order": "up"}):
            assert (await http.get("/v1/runs", params=query)).status_code == 422
        assert (await http.get("/v1/runs", params={"after": "run_nobody"})).status_code == 404


async def test_another_tenants_run_is_not_there(http: httpx.AsyncClient, served: Served) -> None:
    run_id = await create(http)
    await frames(http, run_id)
    headers = {"Authorization": f"Bearer {await served.new_key('tenant-b')}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=30, trust_env=False) as other:
        for method, path in (
            ("GET", ""),
            ("GET", "/events"),
            ("GET", "/capsule"),
            ("POST", "/cancel"),
            ("POST", "/resume"),
        ):
            answer = await other.request(method, f"/v1/runs/{run_id}{path}")
            assert answer.status_code == 404, path
            assert answer.json()["code"] == "not_found"
        assert (await other.get("/v1/capsules/package/archive")).status_code == 404
        assert (await other.get("/v1/runs", params={"after": run_id})).status_code == 404
        assert (await other.get("/v1/runs")).json()["data"] == []


async def test_a_capsule_is_downloaded_with_its_digest_and_cached(http: httpx.AsyncClient, served: Served) -> None:
    import base64
    import hashlib

    run_id = await create(http)
    await frames(http, run_id)
    content = b"PK not really"
    folder = served.home / "capsules"
    folder.mkdir(exist_ok=True)
    (folder / "package.zip").write_bytes(content)
    about = (await http.get(f"/v1/runs/{run_id}/capsule")).json()
    assert about["object"] == "capsule"
    answer = await http.get(f"/v1/capsules/{about['id']}/archive", params={"format": "zip"})
    assert answer.content == content
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
    again = await http.get(about["archive"], headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert (await http.get(about["archive"], headers={"If-None-Match": '"other"'})).status_code == 200
    for name in ("..%2f..%2fkeys%2fpepper", "nothing-here"):
        assert (await http.get(f"/v1/capsules/{name}/archive")).status_code == 404
