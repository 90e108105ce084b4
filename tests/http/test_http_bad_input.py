"""Whatever comes in, a problem document goes out: never a 500, never a traceback, never without a request id."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.http.conftest import MAX_BODY, Served, script

pytestmark = pytest.mark.http


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["detail"]
    assert {"type", "title", "instance", "request_id", "retryable"} <= body.keys()
    assert answer.headers.get_list("x-request-id") == [body["request_id"]]


PROTECTED = [
    ("GET", "/v1/runs"),
    ("POST", "/v1/runs"),
    ("GET", "/v1/runs/run_x"),
    ("POST", "/v1/runs/run_x/cancel"),
    ("POST", "/v1/runs/run_x/resume"),
    ("GET", "/v1/runs/run_x/events"),
    ("GET", "/v1/runs/run_x/capsule"),
    ("GET", "/v1/capsules/x/archive"),
    ("POST", "/v1/execute"),
    ("POST", "/v1/sandboxes"),
    ("GET", "/v1/sandboxes"),
    ("GET", "/v1/sandboxes/sbx_x"),
    ("DELETE", "/v1/sandboxes/sbx_x"),
    ("POST", "/v1/sandboxes/sbx_x/exec"),
    ("PUT", "/v1/sandboxes/sbx_x/files/a"),
    ("GET", "/v1/sandboxes/sbx_x/files/a"),
    ("POST", "/v1/sandboxes/sbx_x/processes"),
    ("GET", "/v1/sandboxes/sbx_x/processes/p"),
    ("DELETE", "/v1/sandboxes/sbx_x/processes/p"),
    ("POST", "/v1/sandboxes/sbx_x/http"),
    ("POST", "/run_code"),
    ("POST", "/v1/validate"),
    ("GET", "/v1/costs"),
    ("GET", "/v1/runs/run_x/cost"),
    ("POST", "/v1/estimate"),
    ("GET", "/v1/budgets"),
    ("PUT", "/v1/budgets"),
    ("DELETE", "/v1/budgets"),
    ("POST", "/v1/route"),
    ("GET", "/v1/experiments"),
    ("GET", "/v1/experiments/x"),
]
FACADE = [
    ("GET", "/v1/models"),
    ("GET", "/v1/models/qlp-auto"),
    ("POST", "/v1/chat/completions"),
]
"""Their errors have OpenAI's shape."""


async def test_every_operation_needs_a_key(stranger: httpx.AsyncClient) -> None:
    api = (await stranger.get("/openapi.json")).json()
    open_paths = {"/healthz", "/readyz", "/v1/ping"}
    described = {
        (method.upper(), path) for path, item in api["paths"].items() if path not in open_paths for method in item
    }
    assert len(described) == len(PROTECTED) + len(FACADE), "an operation was added: name it in PROTECTED or FACADE"
    for method, path in PROTECTED:
        answer = await stranger.request(method, path)
        assert_problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for method, path in FACADE:
        answer = await stranger.request(method, path)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "invalid_api_key"
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header", [b"Bearer", b"Bearer qlp_wrong", b"Basic cWxwOnFscA==", b"Bearer a b", "Bearer ÿ".encode("latin-1")]
)
async def test_a_wrong_key_is_refused(stranger: httpx.AsyncClient, header: bytes) -> None:
    answer = await stranger.get("/v1/runs", headers={b"Authorization": header})
    assert_problem(answer, 401, "unauthorized")


async def test_a_revoked_key_is_refused_at_once(served: Served, stranger: httpx.AsyncClient) -> None:
    record, key = await served.keys.create(tenant="tenant-gone")
    headers = {"Authorization": f"Bearer {key}"}
    assert (await stranger.get("/v1/runs", headers=headers)).status_code == 200
    await served.keys.revoke(record.id, tenant="tenant-gone")
    assert_problem(await stranger.get("/v1/runs", headers=headers), 401, "unauthorized")


async def test_health_and_docs_need_none(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/healthz")).json() == {"status": "ok"}
    ready = (await stranger.get("/readyz")).json()
    assert ready == {"status": "ready", "checks": {"http-worker": "ready", "store": "ready", "sandbox": "ready"}}
    assert (await stranger.get("/docs")).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"\x00\xff\xfe\x80binary", 400),
        (b"[]", 422),
        (b'"text"', 422),
        (b"{}", 422),
        (b'{"text": 5}', 422),
        (b'{"text": "x", "unknown": 1}', 422),
        (b'{"text": "x", "language": "cobol"}', 422),
        (b'{"text": "x", "deadline_s": -1}', 422),
        (b'{"text": "x", "max_cost_usd": "lots"}', 422),
        (b'{"text": ""}', 400),
        (b'{"text": "   \\n"}', 400),
        (b'{"text": "123 !!"}', 400),
        (json.dumps({"text": "\x00\x01\x02" * 50}).encode(), 400),
        (b'{"text": "a library", "tests": {"a_test.py": "\\ud800"}}', 400),
        (b"[" * 50_000, 400),
        (b'{"text": "a library", "tests": {"../../etc/passwd": "x"}}', 400),
    ],
)
async def test_wrong_bodies(http: httpx.AsyncClient, body: bytes, status: int) -> None:
    answer = await http.post("/v1/runs", content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, status, "invalid_request")
    if status == 422:
        assert answer.json()["errors"]


async def test_a_body_of_another_type_is_refused(http: httpx.AsyncClient) -> None:
    for kind in ("text/plain", "application/octet-stream", "multipart/form-data; boundary=x"):
        answer = await http.post("/v1/runs", content=b"\x89PNG\r\n", headers={"Content-Type": kind})
        assert_problem(answer, 422, "invalid_request")


async def test_unicode_survives(http: httpx.AsyncClient) -> None:
    text = json.dumps({"tasks": ["code"], "fail": "名前 🙂 ünï"}, ensure_ascii=False)
    run_id = (await http.post("/v1/runs", json={"text": text})).json()["id"]
    assert (await http.get(f"/v1/runs/{run_id}")).json()["request"]["text"] == text


async def test_a_long_request_is_too_large(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/runs", json={"text": "word " * 10_000})
    assert_problem(answer, 413, "request_too_large")


async def test_a_huge_body_is_refused_by_its_declared_size(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/runs", content=b"x" * (MAX_BODY + 1))
    assert_problem(answer, 413, "request_too_large")


async def test_a_huge_chunked_body_is_refused(http: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 10_000 + 2):
            yield b"x" * 10_000

    assert_problem(await http.post("/v1/runs", content=chunks()), 413, "request_too_large")


async def test_unknown_paths_and_methods(http: httpx.AsyncClient) -> None:
    for path in ("/", "/v1", "/v2/runs", "/v1/runs/a/b/c", "/%00", "/v1/runs/%2e%2e%2f"):
        answer = await http.get(path)
        assert answer.status_code == 404, path
        assert_problem(answer, 404, "not_found")
    for method, path in (("DELETE", "/v1/runs"), ("PUT", "/v1/runs/run_x"), ("GET", "/v1/execute")):
        answer = await http.request(method, path)
        assert_problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"]


async def test_unknown_runs(http: httpx.AsyncClient) -> None:
    for method, path in (
        ("GET", ""),
        ("POST", "/cancel"),
        ("POST", "/resume"),
        ("GET", "/events"),
        ("GET", "/capsule"),
    ):
        assert_problem(await http.request(method, f"/v1/runs/run_nobody{path}"), 404, "not_found")


async def test_event_numbers_are_checked(http: httpx.AsyncClient) -> None:
    run_id = (await http.post("/v1/runs", json=script())).json()["id"]
    answer = await http.get(f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": "x"})
    assert_problem(answer, 400, "invalid_request")
    answer = await http.get(f"/v1/runs/{run_id}/events", params={"starting_after": -1})
    assert_problem(answer, 422, "invalid_request")


async def test_execute(http: httpx.AsyncClient) -> None:
    job = {"language": "python", "code": "{}", "args": ["a b"], "stdin": "é", "files": {"data.txt": "x"}}
    answer = await http.post("/v1/execute", json=job)
    assert answer.status_code == 200
    body = answer.json()
    told = json.loads(body["stdout"])
    assert told == {"argv": ["python3", "main.py", "a b"], "stdin": "é", "files": ["data.txt", "main.py"]}
    assert body["exit_code"] == 0
    assert body["stderr"] == "\ufffd"
    assert body["isolation"]["backend"] == "docker"


@pytest.mark.parametrize(
    ("job", "status"),
    [
        ({"language": "python"}, 400),
        ({"language": "python", "files": {"../x.py": ""}, "entry": "../x.py"}, 400),
        ({"language": "python", "code": "{}", "files": {"main.py": ""}}, 400),
        ({"language": "python", "files": {"a.py": "", "b.py": ""}}, 400),
        ({"language": "cobol", "code": ""}, 422),
        ({"language": "python", "code": "{}", "limits": {"wall_s": 100_000}}, 422),
        ({"language": "python", "code": "{}", "args": ["\x00"]}, 422),
        ({"language": "python", "code": "{}", "args": ["\udcff"]}, 422),
        ({"language": "python", "code": "\ud800"}, 400),
        ({"language": "python", "code": "{}", "stdin": "\ud800"}, 400),
    ],
)
async def test_wrong_jobs(http: httpx.AsyncClient, job: dict[str, object], status: int) -> None:
    body = json.dumps(job)  # ASCII, so that lone surrogates travel as JSON escapes
    answer = await http.post("/v1/execute", content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, status, "invalid_request")


async def test_a_sandbox_that_is_not_there_says_so(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/execute", json={"language": "go", "code": '{"error": "the engine is gone"}'})
    assert_problem(answer, 503, "sandbox_unavailable")
    assert answer.json()["remedy"] == "start it"
    assert answer.json()["retryable"] is True


async def test_a_full_sandbox_queue_refuses_with_retry_after(http: httpx.AsyncClient) -> None:
    job = {"language": "python", "code": '{"sleep": 1.0}'}
    answers = await asyncio.gather(*(http.post("/v1/execute", json=job) for _ in range(24)))
    refused = [a for a in answers if a.status_code != 200]
    assert len(refused) == 24 - 2 - 16
    for answer in refused:
        assert_problem(answer, 429, "overloaded")
        assert int(answer.headers["retry-after"]) > 0


async def test_a_callers_request_id_is_kept(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/v1/runs", headers={"X-Request-ID": "trace-1"})
    assert answer.json()["request_id"] == "trace-1"
    assert answer.headers.get_list("x-request-id") == ["trace-1"]
