"""/run_code answers as SandboxFusion does: fields, defaults, statuses and codes of its own server."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from qlp.config import ServerSettings
from qlp.errors import OverloadedError, SandboxUnavailableError
from qlp.sandbox.protocol import ExecResult, JobResult, OutputListener
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
    """Only a URL, as evaluation scripts have it: the key is in it."""
    url = api.url.replace("http://", f"http://qlp:{await api.new_key('tenant-a')}@")
    async with api.client(base_url=url) as client:
        yield client


def ends(*results: ExecResult, **fields: Any) -> Any:
    async def answer(work: Work, on_output: OutputListener) -> JobResult:
        return JobResult(results=results, **fields)

    return answer


async def test_the_answer_has_the_fields_of_the_original(http: httpx.AsyncClient, door: FakeDoor) -> None:
    door.answer = ends(ended(0, b"hello\n", wall_s=0.02))
    answer = await http.post("/run_code", json={"code": "print('hello')", "language": "python"})
    assert answer.status_code == 200
    run = {"status": "Finished", "execution_time": 0.02, "return_code": 0, "stdout": "hello\n", "stderr": ""}
    assert answer.json() == {
        "status": "Success",
        "message": "",
        "compile_result": None,
        "run_result": run,
        "executor_pod_name": None,
        "files": {},
    }
    (work,) = door.works
    assert work.tenant == "tenant-a"
    assert work.job.commands[0].wall_s == 10, "run_timeout is 10 s unless asked for"


OK, BAD = ended(0), ended(1, b"", b"error")
LATE = ended(None, b"so far", signal=9, timed_out=True)


@pytest.mark.parametrize(
    ("language", "results", "status", "compiled", "ran"),
    [
        ("python", (OK,), "Success", None, ("Finished", 0)),
        ("python", (BAD,), "Failed", None, ("Finished", 1)),
        ("python", (LATE,), "Failed", None, ("TimeLimitExceeded", None)),
        ("python", (ended(None, signal=11),), "Failed", None, ("Finished", -11)),
        ("python", (ended(None, signal=9, oom=True),), "Failed", None, ("Finished", -9)),
        ("cpp", (OK, OK), "Success", ("Finished", 0), ("Finished", 0)),
        ("cpp", (BAD,), "Failed", ("Finished", 1), None),
        ("cpp", (LATE,), "Failed", ("TimeLimitExceeded", None), None),
        ("cpp", (OK, BAD), "Failed", ("Finished", 0), ("Finished", 1)),
        ("cpp", (OK, LATE), "Failed", ("Finished", 0), ("TimeLimitExceeded", None)),
        ("csharp", (BAD,), "Failed", None, ("Finished", 1)),
        ("csharp", (OK, OK), "Success", None, ("Finished", 0)),
    ],
)
async def test_statuses(
    http: httpx.AsyncClient,
    door: FakeDoor,
    language: str,
    results: tuple[ExecResult, ...],
    status: str,
    compiled: tuple[str, int | None] | None,
    ran: tuple[str, int | None] | None,
) -> None:
    door.answer = ends(*results)
    answer = await http.post("/run_code", json={"code": "x", "language": language})
    body = answer.json()
    assert (answer.status_code, body["status"], body["message"]) == (200, status, "")
    for part, wanted in (("compile_result", compiled), ("run_result", ran)):
        found = body[part]
        assert (found and (found["status"], found["return_code"])) == wanted, part


async def test_files_travel_as_base64(http: httpx.AsyncClient, door: FakeDoor) -> None:
    door.answer = ends(OK, artefacts={"out/a.bin": b"\xff"}, missing={"none": "not there"})
    body = {
        "code": "x",
        "language": "python",
        "stdin": "in",
        "compile_timeout": 3,
        "run_timeout": 2.5,
        "memory_limit_MB": 300,
        "files": {
            "./dir/in.bin": base64.b64encode(b"\x00\xff").decode(),
            "main.py": base64.b64encode(b"a module").decode(),
            "absent": None,
        },
        "fetch_files": ["./out/a.bin", "none", "/etc/passwd"],
        "args": ["only for pytest"],
    }
    answer = (await http.post("/run_code", json=body)).json()
    assert answer["files"] == {"./out/a.bin": base64.b64encode(b"\xff").decode()}
    (work,) = door.works
    (command,) = work.job.commands
    assert work.job.files["dir/in.bin"] == b"\x00\xff"
    assert work.job.files["main.py"] == b"a module", "the code has a name of its own beside the files"
    assert work.job.files[command.argv[-1]] == b"x"
    assert "absent" not in work.job.files
    assert work.job.fetch == ("out/a.bin", "none")
    assert (command.stdin, command.wall_s, work.limits.memory_mb) == (b"in", 2.5, 300)


async def test_the_test_modes_of_the_original(http: httpx.AsyncClient, door: FakeDoor) -> None:
    for language, profile in (("pytest", "python"), ("go_test", "go"), ("junit", "java"), ("jest", "node")):
        answer = await http.post("/run_code", json={"code": "class A {}", "language": language, "args": ["-k", "x"]})
        assert answer.json()["status"] == "Success", (language, answer.text)
        assert door.works[-1].profile == profile
        assert ("-k" in door.works[-1].job.commands[-1].argv) == (language == "pytest")


async def test_bytes_that_are_not_text_are_told_as_the_original_does(http: httpx.AsyncClient, door: FakeDoor) -> None:
    door.answer = ends(ended(0, b"\xff"))
    answer = await http.post("/run_code", json={"code": "x", "language": "python"})
    assert answer.json()["run_result"]["stdout"].startswith("[DecodeError]")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"code": "x", "language": "scala"}, "scala"),
        ({"code": "x", "language": "python", "files": {"a": "not base64 at all!"}}, "base64"),
        ({"code": "x", "language": "python", "files": {"../a": ""}}, "outside"),
        ({"code": "x", "language": "python", "files": {"a": "", "a/b": ""}}, "is a file"),
    ],
)
async def test_what_cannot_be_run_is_a_sandbox_error(http: httpx.AsyncClient, body: dict[str, Any], said: str) -> None:
    answer = await http.post("/run_code", json=body)
    assert (answer.status_code, answer.json()["status"]) == (200, "SandboxError")
    assert said in answer.json()["message"]
    assert answer.json()["run_result"] is None


async def test_a_sandbox_that_is_gone_is_a_sandbox_error(http: httpx.AsyncClient, door: FakeDoor) -> None:
    async def gone(work: Work, on_output: OutputListener) -> JobResult:
        raise SandboxUnavailableError("the engine is gone")

    door.answer = gone
    answer = await http.post("/run_code", json={"code": "x", "language": "python"})
    assert (answer.status_code, answer.json()["status"]) == (200, "SandboxError")
    assert answer.json()["message"] == "the engine is gone"


async def test_a_full_queue_is_waited_for(http: httpx.AsyncClient, door: FakeDoor) -> None:
    async def answer(work: Work, on_output: OutputListener) -> JobResult:
        if len(door.works) < 3:
            raise OverloadedError("full", retry_after_s=1)
        return JobResult(results=(OK,))

    door.answer = answer
    assert (await http.post("/run_code", json={"code": "x", "language": "python"})).json()["status"] == "Success"
    assert len(door.works) == 3


@pytest.mark.parametrize("body", [{}, {"code": "x"}, {"language": "python"}, {"code": "x", "language": "cobol"}])
async def test_a_body_of_another_shape_is_422(http: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert_problem(await http.post("/run_code", json=body), 422, "invalid_request")


async def test_fields_that_nobody_knows_are_ignored(http: httpx.AsyncClient) -> None:
    body = {"code": "x", "language": "python", "dataset": "mine"}
    assert (await http.post("/run_code", json=body)).status_code == 200


async def test_ping(api: Api) -> None:
    async with api.client() as stranger:
        assert (await stranger.get("/v1/ping")).json() == "pong"


async def test_a_key_in_the_url_opens_every_route(http: httpx.AsyncClient, api: Api) -> None:
    assert (await http.get("/v1/sandboxes")).status_code == 200
    key = await api.new_key("tenant-b")
    async with api.client(base_url=api.url.replace("http://", f"http://{key}@")) as only_user:
        assert (await only_user.get("/v1/sandboxes")).status_code == 200
    for wrong in ("qlp:qlp_wrong", "qlp:", ":"):
        async with api.client(base_url=api.url.replace("http://", f"http://{wrong}@")) as client:
            assert_problem(await client.get("/v1/sandboxes"), 401, "unauthorized")
    async with api.client() as stranger:
        for header in ("Basic", "Basic %%%", "Basic /w==", "Digest x"):
            answer = await stranger.get("/v1/sandboxes", headers={"Authorization": header})
            assert_problem(answer, 401, "unauthorized")


JOB = {"code": "x", "language": "python"}


async def test_without_a_key_it_is_closed(api: Api) -> None:
    async with api.client() as stranger:
        assert_problem(await stranger.post("/run_code", json=JOB), 401, "unauthorized")


async def test_open_on_loopback_if_the_operator_says_so(door: FakeDoor, tmp_path: Path) -> None:
    async with open_api(tmp_path, door, open_run_code=True) as api, api.client() as stranger:
        assert (await stranger.post("/run_code", json=JOB)).json()["status"] == "Success"
        assert door.works[-1].tenant == "run-code"
        assert_problem(await stranger.post("/v1/execute", json=JOB), 401, "unauthorized")
        wrong = {"Authorization": "Bearer qlp_wrong"}
        assert_problem(await stranger.post("/run_code", json=JOB, headers=wrong), 401, "unauthorized")
        rebound = await stranger.post("/run_code", json=JOB, headers={"Host": "evil.example:8420"})
        assert_problem(rebound, 401, "unauthorized")


def test_an_open_run_code_needs_a_loopback_host() -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        assert ServerSettings(host=host, open_run_code=True).open_run_code
    for host in ("0.0.0.0", "10.0.0.1", "example.com", "::"):
        with pytest.raises(ValidationError, match="loopback"):
            ServerSettings(host=host, open_run_code=True)
