"""/v1/execute: what is asked reaches the sandbox, what comes back has its shape, what is wrong is said."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qlp.errors import OverloadedError, SandboxUnavailableError
from qlp.sandbox.protocol import JobResult, OutputListener
from qlp.sandbox.work import Work
from tests.http.test_http_bad_input import assert_problem
from tests.support.api import Api, open_api
from tests.support.fake_door import FakeDoor, ended

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


async def test_what_is_asked_reaches_the_sandbox(http: httpx.AsyncClient, door: FakeDoor) -> None:
    body = {
        "language": "python",
        "files": {
            "data.bin": {"base64": base64.b64encode(b"\xff\x00").decode()},
            "tool.sh": {"text": "echo", "executable": True},
            "start.py": "print(1)",
        },
        "entry": "start.py",
        "args": ["a b", "-x"],
        "env": {"MODE": "test"},
        "stdin": "é",
        "fetch": ["out/result.txt"],
        "mode": "strict",
        "runtime": "runsc",
        "limits": {"wall_s": 3, "memory_mb": 10_000_000, "pids": 9, "output_bytes": 1000},
    }
    assert (await http.post("/v1/execute", json=body)).status_code == 200
    (work,) = door.works
    (command,) = work.job.commands
    assert work.tenant == "tenant-a"
    assert (work.profile, work.mode, work.runtime) == ("python", "strict", "runsc")
    assert work.job.files["data.bin"] == b"\xff\x00"
    assert work.job.executable == {"tool.sh"}
    assert work.job.fetch == ("out/result.txt",)
    assert command.argv[-3:] == ("start.py", "a b", "-x")
    assert command.env["MODE"] == "test"
    assert command.stdin == "é".encode()
    assert command.wall_s == 3
    assert work.limits.memory_mb == 1024, "the platform's own ceiling is never exceeded"
    assert work.limits.pids == 9
    assert work.limits.output_bytes == 1000


async def test_what_comes_back_has_its_shape(http: httpx.AsyncClient, door: FakeDoor) -> None:
    async def answer(work: Work, on_output: OutputListener) -> JobResult:
        compiled = ended(0, b"", b"a warning")
        ran = ended(None, b"\xffout", b"err", signal=11, oom=True, truncated=True)
        return JobResult(results=(compiled, ran), artefacts={"a.bin": b"\x00\x01"}, missing={"b": "a link"})

    door.answer = answer
    answer_ = await http.post("/v1/execute", json={"language": "cpp", "code": "int main() {}", "fetch": ["a.bin", "b"]})
    body = answer_.json()
    assert body["object"] == "execution"
    assert (body["exit_code"], body["signal"], body["oom"], body["truncated"]) == (None, 11, True, True)
    assert body["stdout"] == "\ufffdout"
    assert base64.b64decode(body["stdout_base64"]) == b"\xffout"
    assert body["stderr_base64"] is None
    assert body["compile"]["stderr"] == "a warning"
    assert body["run"]["signal"] == 11
    assert base64.b64decode(body["artefacts"]["a.bin"]) == b"\x00\x01"
    assert body["missing"] == {"b": "a link"}
    assert body["acquire"] == {"path": "warm", "seconds": 0.001}
    assert body["isolation"]["backend"] == "docker"
    assert body["profile"] == "c"


async def test_a_program_that_does_not_compile_did_not_run(http: httpx.AsyncClient, door: FakeDoor) -> None:
    async def answer(work: Work, on_output: OutputListener) -> JobResult:
        return JobResult(results=(ended(1, b"", b"error: no"),))

    door.answer = answer
    body = (await http.post("/v1/execute", json={"language": "c", "code": "x"})).json()
    assert body["exit_code"] == 1
    assert body["compile"]["stderr"] == body["stderr"] == "error: no"
    assert body["run"] is None


async def test_output_is_cut_to_what_was_asked_for(http: httpx.AsyncClient, door: FakeDoor) -> None:
    async def answer(work: Work, on_output: OutputListener) -> JobResult:
        return JobResult(results=(ended(0, b"x" * 100),))

    door.answer = answer
    job = {"language": "python", "code": "", "limits": {"output_bytes": 10}}
    body = (await http.post("/v1/execute", json=job)).json()
    assert body["stdout"] == "x" * 10
    assert body["truncated"]


async def test_a_command_in_any_profile(http: httpx.AsyncClient, door: FakeDoor) -> None:
    job = {"profile": "data-science", "command": ["sh", "-c", "wc -l x"], "files": {"x": "1\n"}}
    assert (await http.post("/v1/execute", json=job)).status_code == 200
    (work,) = door.works
    assert work.profile == "data-science"
    assert work.job.commands[0].argv == ("sh", "-c", "wc -l x")


async def test_every_language_and_alias_is_known(http: httpx.AsyncClient) -> None:
    for name in (
        *("python", "javascript", "typescript", "go", "java", "rust", "c", "cpp", "c++", "ruby", "php"),
        *("csharp", "c#", "bash", "perl", "lua", "sql", "js", "ts", "py", "golang", "sh", "rb", "cs", "pytest"),
    ):
        answer = await http.post("/v1/execute", json={"language": name, "code": "x"})
        assert answer.status_code == 200, (name, answer.text)


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({}, 422, "language"),
    ({"language": "pyhton", "code": ""}, 422, "did you mean python"),
    ({"language": "cobol", "code": ""}, 422, "languages are"),
    ({"language": "python"}, 400, "code"),
    ({"language": "python", "code": "", "profile": "python", "command": ["ls"]}, 422, "either"),
    ({"profile": "python"}, 422, "command"),
    ({"command": ["ls"]}, 422, "profile"),
    ({"profile": "python", "command": []}, 422, "command"),
    ({"profile": "python", "command": ["ls"], "code": "x"}, 422, "command"),
    ({"language": "python", "files": {"../x.py": ""}, "entry": "../x.py"}, 400, "../x.py"),
    ({"language": "python", "files": {"/etc/x.py": ""}, "entry": "/etc/x.py"}, 400, "/etc/x.py"),
    ({"language": "python", "code": "", "fetch": ["../secret"]}, 400, "../secret"),
    ({"language": "python", "code": "", "files": {"a": "", "a/b": ""}}, 400, "is a file"),
    ({"language": "python", "code": "", "files": {"main.py": ""}}, 400, "leave one out"),
    ({"language": "python", "files": {"a.py": "", "b.py": ""}}, 400, "entry"),
    ({"language": "python", "code": "", "files": {"a": {"base64": "*"}}}, 422, "base64"),
    ({"language": "python", "code": "", "files": {"a": {}}}, 422, "either"),
    ({"language": "python", "code": "", "files": {f"f{n}": "" for n in range(501)}}, 422, "500"),
    ({"language": "python", "code": "\ud800"}, 400, "Unicode"),
    ({"language": "python", "code": "", "files": {"\ud800": ""}}, 400, "Unicode"),
    ({"language": "python", "code": "", "stdin": "\ud800"}, 400, "Unicode"),
    ({"language": "python", "code": "", "args": ["\x00"]}, 422, "NUL"),
    ({"language": "python", "code": "", "env": {"A=B": "x"}}, 422, "variable"),
    ({"language": "python", "code": "", "limits": {"wall_s": 100_000}}, 422, "600"),
    ({"language": "python", "code": "", "limits": {"wall_s": 0}}, 422, "greater"),
    ({"language": "python", "code": "", "mode": "none"}, 422, "strict"),
    ({"language": "go", "code": "", "fork": True}, 400, "fork"),
    ({"language": "python", "code": "", "unknown": 1}, 422, "unknown"),
]


@pytest.mark.parametrize(("job", "status", "said"), WRONG)
async def test_wrong_jobs(http: httpx.AsyncClient, door: FakeDoor, job: dict[str, Any], status: int, said: str) -> None:
    body = json.dumps(job)  # ASCII, so that lone surrogates travel as JSON escapes
    answer = await http.post("/v1/execute", content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, status, "invalid_request")
    assert said in answer.text
    assert not door.works


async def test_a_full_queue_and_a_missing_sandbox_are_typed(http: httpx.AsyncClient, door: FakeDoor) -> None:
    async def full(work: Work, on_output: OutputListener) -> JobResult:
        raise OverloadedError("64 jobs wait", retry_after_s=7)

    async def gone(work: Work, on_output: OutputListener) -> JobResult:
        raise SandboxUnavailableError("the engine is gone", remedy="start it")

    for stream in (False, True):
        job = {"language": "python", "code": "", "stream": stream}
        door.answer = full
        answer = await http.post("/v1/execute", json=job)
        assert_problem(answer, 429, "overloaded")
        assert answer.headers["retry-after"] == "7"
        assert answer.json()["retryable"] is True
        door.answer = gone
        answer = await http.post("/v1/execute", json=job)
        assert_problem(answer, 503, "sandbox_unavailable")
        assert answer.json()["remedy"] == "start it"


def events(text: str) -> list[tuple[int, str, dict[str, Any]]]:
    found = []
    for block in text.strip().split("\n\n"):
        if not block.startswith(":"):
            fields = dict(line.split(": ", 1) for line in block.splitlines())
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


async def test_a_stream_is_whole_ordered_and_ends(http: httpx.AsyncClient, door: FakeDoor) -> None:
    said = "naïve 🙂".encode()

    async def answer(work: Work, on_output: OutputListener) -> JobResult:
        for byte in said:
            on_output("stdout", bytes([byte]))
            await asyncio.sleep(0)
        on_output("stderr", b"\xff")
        return JobResult(results=(ended(3, said, b"\xff"),))

    door.answer = answer
    for asked, headers in (({"stream": True}, {}), ({}, {"Accept": "text/event-stream"})):
        answer_ = await http.post("/v1/execute", json={"language": "python", "code": "", **asked}, headers=headers)
        assert answer_.headers["content-type"].startswith("text/event-stream")
        told = events(answer_.text)
        assert [number for number, _, _ in told] == list(range(1, len(told) + 1))
        assert all(data["type"] == kind and data["sequence_number"] == number for number, kind, data in told)
        deltas = [data for _, kind, data in told if kind == "execution.output.delta"]
        assert "".join(d["delta"] for d in deltas if d["stream"] == "stdout").encode() == said
        (broken,) = [d for d in deltas if d["stream"] == "stderr"]
        assert base64.b64decode(broken["delta_base64"]) == b"\xff"
        assert told[-1][1] == "execution.completed"
        assert told[-1][2]["execution"]["exit_code"] == 3


async def test_a_flood_is_cut_in_the_stream_too(http: httpx.AsyncClient, door: FakeDoor) -> None:
    async def answer(work: Work, on_output: OutputListener) -> JobResult:
        for _ in range(100):
            on_output("stdout", b"x" * 1000)
        return JobResult(results=(ended(0, b"x" * 5000, truncated=True),))

    door.answer = answer
    job = {"language": "python", "code": "", "stream": True, "limits": {"output_bytes": 5000}}
    told = events((await http.post("/v1/execute", json=job)).text)
    assert sum(len(data.get("delta", "")) for _, _, data in told) == 5000
    assert told[-1][2]["execution"]["truncated"]


async def test_an_error_after_output_ends_the_stream(http: httpx.AsyncClient, door: FakeDoor) -> None:
    async def answer(work: Work, on_output: OutputListener) -> JobResult:
        on_output("stdout", b"begun")
        await asyncio.sleep(0.05)
        raise SandboxUnavailableError("the engine went away", remedy="start it")

    door.answer = answer
    told = events((await http.post("/v1/execute", json={"language": "python", "code": "", "stream": True})).text)
    assert [kind for _, kind, _ in told] == ["execution.output.delta", "execution.failed"]
    problem = told[-1][2]["problem"]
    assert (problem["code"], problem["status"], problem["retryable"]) == ("sandbox_unavailable", 503, True)
    assert problem["remedy"] == "start it"


async def test_closing_the_stream_cancels_the_program(http: httpx.AsyncClient, door: FakeDoor) -> None:
    async def answer(work: Work, on_output: OutputListener) -> JobResult:
        on_output("stdout", b"begun")
        await asyncio.sleep(60)
        raise AssertionError("unreachable")

    door.answer = answer
    job = {"language": "python", "code": "", "stream": True}
    async with http.stream("POST", "/v1/execute", json=job) as answer_:
        async for line in answer_.aiter_lines():
            if line.startswith("data:"):
                break
    async with asyncio.timeout(10):
        await door.cancelled.wait()


async def test_silence_is_bridged_by_pings(
    http: httpx.AsyncClient, door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(work: Work, on_output: OutputListener) -> JobResult:
        await asyncio.sleep(0.3)
        return JobResult(results=(ended(),))

    monkeypatch.setattr("serve_app.event_stream.PING_S", 0.05)
    monkeypatch.setattr("serve_app.event_stream.PEEK_S", 0.05)
    door.answer = answer
    answer_ = await http.post("/v1/execute", json={"language": "python", "code": "", "stream": True})
    assert answer_.text.count(": ping\n\n") >= 2
    assert events(answer_.text)[-1][1] == "execution.completed"
