"""The twins say the same to the server; errors, retries and streams as promised."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from qlp.client import QLP, AsyncQLP
from qlp.errors import (
    AuthError,
    InputError,
    NotFoundError,
    OverloadedError,
    SandboxUnavailableError,
    ServerUnreachableError,
)
from qlp.models.execution import OutputDelta

pytestmark = pytest.mark.unit

RESULT = {"exit_code": 0, "stdout": "hi", "stderr": "", "wall_s": 0.1, "cpu_s": 0.1, "max_rss_bytes": 1}
ISOLATION = {"backend": "docker", "runtime": "runc", "image": "i", "image_digest": "sha256:0"}
DONE = {
    **RESULT,
    "profile": "python",
    "mode": "shared-tenant",
    "isolation": ISOLATION,
    "acquire": {"path": "warm", "seconds": 0.001},
    "artefacts": {"a": "/w=="},
}
INFO = {
    "id": "sbx_0_1",
    "profile": "python",
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": "2026-01-01T01:00:00Z",
    "isolation": ISOLATION,
}


class Server:
    """Answers in turn; keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        return answer if isinstance(answer, httpx.Response) else answer(request)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)

    def body(self, n: int = -1) -> Any:
        return json.loads(self.asked[n].content)


def problem(status: int, code: str, **more: Any) -> httpx.Response:
    headers = {"Retry-After": "0", "Content-Type": "application/problem+json"}
    return httpx.Response(status, json={"code": code, "detail": "said so", "status": status, **more}, headers=headers)


def stream(*events: dict[str, Any]) -> httpx.Response:
    text = ": ping\n\n" + "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events)
    return httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})


def delta(number: int, text: str, **more: Any) -> dict[str, Any]:
    about = {"type": "execution.output.delta", "sequence_number": number, "created_at": "2026-01-01T00:00:00Z"}
    return {**about, "stream": "stdout", "delta": text, **more}


def twins(server: Server) -> tuple[QLP, AsyncQLP]:
    return (
        QLP("http://qlp", "qlp_key", transport=server.transport),
        AsyncQLP("http://qlp", "qlp_key", transport=server.transport),
    )


async def test_both_twins_ask_and_answer_alike(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"\xff")
    server = Server(httpx.Response(200, json=DONE), httpx.Response(200, json=DONE))
    sync, asynchronous = twins(server)
    program: Any = {
        "language": "python",
        "files": {"main.py": "print()", "raw": b"\xff", "file": tmp_path / "data"},
        "args": ("a",),
        "stdin": b"in",
        "limits": {"wall_s": 3},
    }
    results = [sync.execute(**program), await asynchronous.execute(**program)]
    assert server.body(0) == server.body(1)
    assert server.body()["files"] == {"main.py": "print()", "raw": {"base64": "/w=="}, "file": {"base64": "/w=="}}
    assert server.body()["stdin"] == "in"
    assert server.asked[0].headers["authorization"] == "Bearer qlp_key"
    for result in results:
        assert result.ok
        assert result.stdout == "hi"
        assert result.artefact("a") == b"\xff"
        with pytest.raises(NotFoundError, match="not asked for"):
            result.artefact("b")
    sync.close()
    await asynchronous.close()
    with pytest.raises(RuntimeError, match="closed"):
        sync.execute(**program)


async def test_streams() -> None:
    events = (
        delta(1, "a"),
        delta(2, "\ufffd", delta_base64="/w=="),
        {"type": "execution.completed", "execution": DONE},
    )
    server = Server(stream(*events), stream(*events))
    sync, asynchronous = twins(server)
    pieces = sync.execute(language="python", code="", stream=True)
    told = list(pieces)
    also = await asynchronous.execute(language="python", code="", stream=True)
    assert [piece async for piece in also] == told
    assert all(isinstance(piece, OutputDelta) for piece in told)
    assert b"".join(piece.data for piece in told) == b"a\xff"
    assert pieces.result == also.result
    assert also.result is not None
    assert also.result.ok
    assert server.asked[0].headers["accept"] == "text/event-stream"
    sync.close()


async def test_a_stream_raises_what_ended_the_program() -> None:
    failed = {"type": "execution.failed", "problem": {"code": "sandbox_unavailable", "detail": "gone", "remedy": "x"}}
    server = Server(stream(delta(1, "a"), failed), stream(delta(1, "a")))
    client = AsyncQLP("http://qlp", "k", transport=server.transport)
    with pytest.raises(SandboxUnavailableError, match="gone") as caught:
        await (await client.execute(language="python", code="", stream=True)).wait()
    assert caught.value.extra["remedy"] == "x"
    with pytest.raises(Exception, match="without a result"):
        await (await client.execute(language="python", code="", stream=True)).wait()


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "invalid_request", InputError),
        (401, "unauthorized", AuthError),
        (404, "not_found", NotFoundError),
        (422, "invalid_request", InputError),
    ],
)
async def test_errors_keep_their_class(status: int, code: str, error: type[Exception]) -> None:
    server = Server(problem(status, code))
    client = AsyncQLP("http://qlp", "k", transport=server.transport)
    with pytest.raises(error, match="said so"):
        await client.execute(language="python", code="")
    assert len(server.asked) == 1


async def test_a_refusal_is_tried_again_and_then_raised() -> None:
    full = [problem(429, "overloaded", retry_after_s=0) for _ in range(6)]
    server = Server(*full[:2], httpx.Response(200, json=DONE))
    client = AsyncQLP("http://qlp", "k", transport=server.transport)
    assert (await client.execute(language="python", code="")).ok
    assert len(server.asked) == 3
    server.answers = [*full[:1], stream({"type": "execution.completed", "execution": DONE})]
    assert (await (await client.execute(language="python", code="", stream=True)).wait()).ok
    server.answers = list(full)
    with pytest.raises(OverloadedError):
        await AsyncQLP("http://qlp", "k", retries=1, transport=server.transport).execute(language="python", code="")
    assert len(server.answers) == 4


async def test_what_may_have_happened_is_not_repeated() -> None:
    server = Server(httpx.Response(201, json=INFO), problem(503, "sandbox_unavailable"))
    sandbox = await AsyncQLP("http://qlp", "k", transport=server.transport).sandboxes.create()
    with pytest.raises(SandboxUnavailableError):
        await sandbox.run("make install")
    assert len(server.asked) == 2


def test_a_session() -> None:
    process = {"handle": "p1", "status": "running"}
    server = Server(
        httpx.Response(201, json=INFO),
        httpx.Response(200, json={"path": "d/a b", "bytes": 1, "sha256": "0"}),
        httpx.Response(200, content=b"\xff"),
        httpx.Response(200, json={**RESULT, "exit_code": 3}),
        stream(delta(1, "x"), {"type": "execution.completed", "exec": RESULT}),
        httpx.Response(201, json=process),
        httpx.Response(200, json=process),
        httpx.Response(200, json={"status": 200, "body": "ok"}),
        httpx.Response(200, json={**process, "status": "ended", "result": RESULT}),
        httpx.Response(204),
    )
    with (
        QLP("http://qlp", "k", transport=server.transport) as client,
        client.sandboxes.create(language="go", ttl_s=60) as sandbox,
    ):
        sandbox.put("d/a b", b"\xff", executable=True)
        assert sandbox.get("d/a b") == b"\xff"
        assert sandbox.run(["false"], wall_s=2).exit_code == 3
        assert [piece.delta for piece in sandbox.run("ls", stream=True)] == ["x"]
        handle = sandbox.start("serve")
        assert sandbox.poll(handle).status == "running"
        assert sandbox.http("POST", 8000, "/x", body=b"\xff").body == "ok"
        assert sandbox.stop(handle).status == "ended"
    assert [(r.method, r.url.raw_path.decode()) for r in server.asked] == [
        ("POST", "/v1/sandboxes"),
        ("PUT", "/v1/sandboxes/sbx_0_1/files/d/a%20b?executable=true"),
        ("GET", "/v1/sandboxes/sbx_0_1/files/d/a%20b"),
        ("POST", "/v1/sandboxes/sbx_0_1/exec"),
        ("POST", "/v1/sandboxes/sbx_0_1/exec"),
        ("POST", "/v1/sandboxes/sbx_0_1/processes"),
        ("GET", "/v1/sandboxes/sbx_0_1/processes/p1"),
        ("POST", "/v1/sandboxes/sbx_0_1/http"),
        ("DELETE", "/v1/sandboxes/sbx_0_1/processes/p1"),
        ("DELETE", "/v1/sandboxes/sbx_0_1"),
    ]
    assert server.body(0) == {"language": "go", "ttl_s": 60}
    assert server.body(3) == {"command": ["false"], "wall_s": 2}


def test_where_the_server_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QLP_HOME", str(tmp_path))
    monkeypatch.delenv("QLP_BASE_URL", raising=False)
    monkeypatch.delenv("QLP_API_KEY", raising=False)
    from qlp.client.discovery import find_server

    with pytest.raises(ServerUnreachableError, match="qlp up"):
        find_server(None, None)
    with pytest.raises(AuthError, match="QLP_API_KEY"):
        find_server("http://elsewhere", None)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "client.json").write_text('{"url": "http://here", "api_key": "k"}')
    assert find_server(None, None) == ("http://here", "k")
    assert find_server("http://here/", None) == ("http://here/", "k")
    with pytest.raises(AuthError):
        find_server("http://elsewhere", None)
    monkeypatch.setenv("QLP_BASE_URL", "http://env")
    monkeypatch.setenv("QLP_API_KEY", "e")
    assert find_server(None, None) == ("http://env", "e")
    assert find_server("http://arg", "a") == ("http://arg", "a")


async def test_nobody_there() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    client = AsyncQLP("http://qlp", "k", transport=httpx.MockTransport(refuse))
    with pytest.raises(ServerUnreachableError, match="qlp up"):
        await client.execute(language="python", code="")
    with pytest.raises(ServerUnreachableError, match="qlp up"):
        await (await client.execute(language="python", code="", stream=True)).wait()
