"""/v1/sandboxes: sessions, each tenant's own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.http.test_http_bad_input import assert_problem
from tests.http.test_http_execute import events
from tests.support.api import Api, open_api
from tests.support.fake_door import FakeDoor

pytestmark = pytest.mark.http


@pytest.fixture
def door() -> FakeDoor:
    return FakeDoor()


@pytest.fixture
async def api(door: FakeDoor, tmp_path: Path) -> AsyncIterator[Api]:
    async with open_api(tmp_path, door) as api:
        yield api


@pytest.fixture
async def http(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    async with api.client(await api.new_key("tenant-a")) as client:
        yield client


async def create(http: httpx.AsyncClient, **asked: Any) -> str:
    answer = await http.post("/v1/sandboxes", json=asked)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/sandboxes/{answer.json()['id']}"
    return str(answer.headers["location"])


async def test_a_session_from_birth_to_death(http: httpx.AsyncClient, door: FakeDoor) -> None:
    path = await create(http, language="typescript", files={"a.txt": "x", "run": {"text": "", "executable": True}})
    info = (await http.get(path)).json()
    assert (info["object"], info["status"], info["profile"]) == ("sandbox", "running", "node")
    assert "tenant" not in info
    (_, room) = door.rooms[info["id"]]
    assert room.files == {"a.txt": b"x", "run": b""}
    assert room.executable == {"run"}
    assert (await http.delete(path)).status_code == 204
    assert_problem(await http.get(path), 404, "not_found")
    assert_problem(await http.delete(path), 404, "not_found")


async def test_a_session_whose_files_do_not_fit_is_not_left_behind(
    http: httpx.AsyncClient, door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qlp.errors import StorageError
    from tests.support.fake_door import FakeRoom

    async def full(self: FakeRoom, *_: object, **__: object) -> None:
        raise StorageError("the workspace is full")

    monkeypatch.setattr(FakeRoom, "put", full)
    assert_problem(await http.post("/v1/sandboxes", json={"files": {"a": "x"}}), 507, "storage_error")
    assert not door.rooms


async def test_commands(http: httpx.AsyncClient, door: FakeDoor) -> None:
    path = await create(http)
    answer = await http.post(
        f"{path}/exec", json={"command": ["echo", "hi"], "cwd": "src", "env": {"A": "1"}, "stdin": {"base64": "/w=="}}
    )
    assert answer.json()["object"] == "sandbox.exec"
    assert answer.json()["stdout"] == "hi"
    (_, room) = door.rooms[path.rsplit("/", 1)[1]]
    command = room.commands[0]
    assert (command.cwd, command.env, command.stdin, command.wall_s) == ("src", {"A": "1"}, b"\xff", 60)
    await http.post(f"{path}/exec", json={"command": "ls | wc", "wall_s": 5})
    assert room.commands[1].argv == ("sh", "-c", "ls | wc")
    told = events((await http.post(f"{path}/exec", json={"command": ["echo", "é"], "stream": True})).text)
    assert [kind for _, kind, _ in told] == ["execution.output.delta", "execution.completed"]
    assert told[0][2]["delta"] == "é"
    assert told[1][2]["exec"]["exit_code"] == 0


async def test_closing_the_stream_ends_the_command(http: httpx.AsyncClient, door: FakeDoor) -> None:
    path = await create(http)
    (_, room) = door.rooms[path.rsplit("/", 1)[1]]
    async with http.stream("POST", f"{path}/exec", json={"command": ["sleep", "60"], "stream": True}):
        pass
    async with asyncio.timeout(10):
        await room.cancelled.wait()


async def test_files_are_raw_bytes_with_their_digest(http: httpx.AsyncClient) -> None:
    path = await create(http)
    data = bytes(range(256))
    put = await http.put(f"{path}/files/dir/x%20y.bin", content=data, params={"executable": "true"})
    digest = hashlib.sha256(data)
    assert put.json() == {
        "object": "sandbox.file",
        "path": "dir/x y.bin",
        "bytes": 256,
        "sha256": digest.hexdigest(),
    }
    got = await http.get(f"{path}/files/dir/x%20y.bin")
    assert got.content == data
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    again = await http.get(f"{path}/files/dir/x%20y.bin", headers={"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert_problem(await http.get(f"{path}/files/none"), 404, "not_found")
    for bad in ("..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "a%00b"):
        assert_problem(await http.put(f"{path}/files/{bad}", content=b""), 400, "invalid_request")
        assert_problem(await http.get(f"{path}/files/{bad}"), 400, "invalid_request")


async def test_background_processes_and_the_port_probe(http: httpx.AsyncClient) -> None:
    path = await create(http)
    started = await http.post(f"{path}/processes", json={"command": ["python3", "-m", "http.server"]})
    assert started.status_code == 201
    where = started.headers["location"]
    assert (await http.get(where)).json()["status"] == "running"
    reply = (
        await http.post(f"{path}/http", json={"port": 8000, "method": "POST", "path": "/x?y", "body": "in"})
    ).json()
    assert (reply["status"], reply["body"]) == (200, "POST /x?y in")
    nobody = (await http.post(f"{path}/http", json={"port": 1})).json()
    assert (nobody["status"], nobody["error"]) == (0, "connection refused")
    stopped = (await http.delete(where)).json()
    assert (stopped["status"], stopped["result"]["signal"]) == ("ended", 15)
    assert (await http.get(where)).json()["result"]["stdout"] == "bye"
    assert_problem(await http.get(f"{path}/processes/other"), 404, "not_found")


async def test_pages(http: httpx.AsyncClient) -> None:
    empty = (await http.get("/v1/sandboxes")).json()
    assert empty == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    made = [(await create(http)).rsplit("/", 1)[1] for _ in range(3)]
    page = (await http.get("/v1/sandboxes", params={"limit": 2})).json()
    assert [row["id"] for row in page["data"]] == [made[2], made[1]]
    assert (page["first_id"], page["last_id"], page["has_more"]) == (made[2], made[1], True)
    rest = (await http.get("/v1/sandboxes", params={"limit": 2, "after": page["last_id"]})).json()
    assert ([row["id"] for row in rest["data"]], rest["has_more"]) == ([made[0]], False)
    rising = (await http.get("/v1/sandboxes", params={"order": "asc"})).json()
    assert [row["id"] for row in rising["data"]] == made
    assert_problem(await http.get("/v1/sandboxes", params={"after": "sbx_0_nobody"}), 404, "not_found")


async def test_another_tenants_sandbox_is_not_there(http: httpx.AsyncClient, api: Api) -> None:
    path = await create(http)
    async with api.client(await api.new_key("tenant-b")) as other:
        assert (await other.get("/v1/sandboxes")).json()["data"] == []
        for method, rest, body in (
            ("GET", "", None),
            ("DELETE", "", None),
            ("POST", "/exec", {"command": "ls"}),
            ("PUT", "/files/a", None),
            ("GET", "/files/a", None),
            ("POST", "/processes", {"command": "ls"}),
            ("GET", "/processes/p1", None),
            ("DELETE", "/processes/p1", None),
            ("POST", "/http", {"port": 80}),
        ):
            assert_problem(await other.request(method, path + rest, json=body), 404, "not_found")
    assert (await http.get(path)).status_code == 200


@pytest.mark.parametrize(
    ("rest", "body", "status"),
    [
        ("/exec", {}, 422),
        ("/exec", {"command": []}, 422),
        ("/exec", {"command": ""}, 422),
        ("/exec", {"command": ["a\x00b"]}, 422),
        ("/exec", {"command": "ls", "cwd": "/etc"}, 400),
        ("/exec", {"command": "ls", "cwd": "../x"}, 400),
        ("/exec", {"command": "ls", "wall_s": 10_000}, 422),
        ("/processes", {"command": "ls", "wall_s": 1}, 422),
        ("/http", {"port": 0}, 422),
        ("/http", {"port": 80, "path": "no-slash"}, 422),
        ("/http", {"port": 80, "path": "/a b\r\nX: y"}, 422),
        ("/http", {"port": 80, "method": "CONNECT"}, 422),
    ],
)
async def test_wrong_calls(http: httpx.AsyncClient, rest: str, body: dict[str, Any], status: int) -> None:
    path = await create(http)
    assert_problem(await http.post(path + rest, json=body), status, "invalid_request")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"profile": "python", "language": "go"}, 400),
        ({"language": "pyhton"}, 400),
        ({"ttl_s": 1e9}, 422),
        ({"idle_s": 0}, 422),
        ({"files": {"../x": ""}}, 400),
        ({"tenant": "other"}, 422),
    ],
)
async def test_wrong_sessions(http: httpx.AsyncClient, door: FakeDoor, body: dict[str, Any], status: int) -> None:
    assert_problem(await http.post("/v1/sandboxes", json=body), status, "invalid_request")
    assert not door.rooms


async def test_openapi_tells_answers_errors_and_keys(http: httpx.AsyncClient) -> None:
    api = (await http.get("/openapi.json")).json()
    assert set(api["components"]["securitySchemes"]) == {"HTTPBearer", "HTTPBasic"}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    assert "code" in api["components"]["schemas"]["ProblemDocument"]["properties"]
    for path, item in api["paths"].items():
        if not path.startswith(("/v1/execute", "/v1/sandboxes")):
            continue
        for method, operation in item.items():
            assert operation["summary"]
            for status in ("400", "401", "422", "429", "503", *(["404"] if "{" in path else [])):
                assert operation["responses"][status]["content"] == problem, (method, path, status)
    for path in ("/v1/execute", "/v1/sandboxes/{sandbox_id}/exec"):
        assert set(api["paths"][path]["post"]["responses"]["200"]["content"]) == {
            "application/json",
            "text/event-stream",
        }
    assert api["components"]["schemas"]["ExecuteJob"]["examples"]
