"""Planning against a real HTTP endpoint whose answers are scripted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from qlp.agents.plan_check import check_plan
from qlp.agents.planner import TRIES, plan
from qlp.config import ModelSettings
from qlp.errors import InputError, NoGeneratorError, ProviderError
from qlp.models import Analysis, Attempt, Plan, ProjectSpec, Request
from qlp.providers.endpoint import Endpoint
from qlp.providers.openai_compatible import OpenAICompatible
from qlp.providers.retry import RetryPolicy
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.unit
ANALYSIS = Analysis(spec=ProjectSpec(name="tic-tac-toe", kind="cli", language="python", summary="s"))
GOOD: dict[str, Any] = {
    "project": "tic-tac-toe",
    "kind": "cli",
    "framework": None,
    "tasks": [
        {"id": "board", "kind": "code", "title": "Board", "instructions": "rules", "complexity": "medium"},
        {"id": "cli", "kind": "code", "title": "CLI", "depends_on": ["board"], "owner": "a key of its own"},
        {"id": "tests", "kind": "test", "title": "Tests", "depends_on": ["cli"]},
        {"id": "docs", "kind": "docs", "title": "README", "depends_on": ["cli"]},
    ],
    "files": [
        {"path": "./board.py", "task": "board"},
        {"path": "main.py", "task": "cli"},
        {"path": "requirements.txt", "task": "cli"},
        {"path": "tests/test_board.py", "task": "tests"},
        {"path": "README.md", "task": "docs"},
    ],
    "names": [{"file": "board.py", "name": "Board", "kind": "class"}],
    "run": {"argv": ["python3", "main.py", "--demo"], "expect_stdout": "wins"},
    "assumptions": ["two humans play"],
}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def changed(**values: object) -> str:
    return json.dumps({**GOOD, **values})


async def ask(
    server: ScriptedServer, request: Request | None = None, **settings: object
) -> tuple[Plan, tuple[Attempt, ...]]:
    endpoint = Endpoint(base_url=server.url, label="local", source="settings", price="free")
    provider = OpenAICompatible(endpoint, "m", retry=RetryPolicy(attempts=1))
    try:
        return await plan(
            request or Request(text="a tic-tac-toe game in the terminal"),
            ANALYSIS,
            provider,
            settings=ModelSettings.model_validate(settings),
            idempotency_key="run_1:plan",
        )
    finally:
        await provider.aclose()


@pytest.mark.parametrize(
    "answer",
    [json.dumps(GOOD), f"```json\n{json.dumps(GOOD, indent=1)}\n```", f"Here it is:\n{json.dumps(GOOD)}\nEnjoy."],
)
async def test_a_good_plan_is_taken(server: ScriptedServer, answer: str) -> None:
    server.replies = [Reply(text=answer)]
    made, attempts = await ask(server)
    assert check_plan(made) == []
    assert made.generator == "model:local:m"
    assert made.files_of("board")[0].path == "board.py"
    assert made.assumptions == ("two humans play",)
    commands = {c.purpose: c for c in made.contract.commands}
    assert set(commands) == {"install", "test", "run"}
    assert commands["install"].argv[:4] == ("python3", "-m", "pip", "install")
    assert commands["run"].expect_stdout == "wins"
    (attempt,) = attempts
    assert (attempt.outcome, attempt.usage.input_tokens) == ("accepted", 100)
    assert attempt.prompt.startswith("planner@")


async def test_errors_are_fed_back(server: ScriptedServer) -> None:
    cycle = [{**GOOD["tasks"][0], "depends_on": ["cli"]}, *GOOD["tasks"][1:]]
    server.replies = [Reply(text=changed(tasks=cycle)), Reply(text=changed(port="x")), Reply(text=json.dumps(GOOD))]
    made, attempts = await ask(server)
    assert made.contract.command("run") is not None
    assert [a.outcome for a in attempts] == ["rejected", "rejected", "accepted"]
    assert "in a circle" in server.calls[1].last
    assert "port:" in server.calls[2].last
    assert "in a circle" not in server.calls[2].last
    assert [c.key for c in server.calls] == ["run_1:plan:0", "run_1:plan:1", "run_1:plan:2"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(text="I would rather not."),
        Reply(text="{" * 3000),
        Reply(text=""),
        Reply(mode="garbage"),
        Reply(text=changed(tasks=[], files=[])),
        Reply(text=changed(files=[{"path": "../../etc/passwd", "task": "board"}])),
        Reply(text=changed(run={"argv": []})),
        Reply(text="[1, 2]"),
    ],
    ids=range(8),
)
async def test_useless_answers_end_in_the_minimal_plan_that_says_so(server: ScriptedServer, reply: Reply) -> None:
    server.replies = [reply.model_copy(update={"times": 9})]
    made, attempts = await ask(server)
    assert len(server.calls) == len(attempts) == TRIES
    assert check_plan(made) == []
    assert any("No plan by a model was usable" in text for text in made.assumptions)
    assert all(a.outcome != "accepted" and a.reason for a in attempts)


async def test_an_outage_is_not_a_bad_plan(server: ScriptedServer) -> None:
    server.replies = [Reply(status=401)]
    with pytest.raises(ProviderError, match="401"):
        await ask(server)


async def test_a_single_function_needs_no_model(server: ScriptedServer) -> None:
    request = Request(text="add", tests={"test_s.py": "from solution import add"})
    spec = ANALYSIS.spec.model_copy(update={"kind": "function"})
    endpoint = Endpoint(base_url=server.url, label="local", source="settings")
    made, attempts = await plan(
        request,
        Analysis(spec=spec),
        OpenAICompatible(endpoint, "m"),
        settings=ModelSettings(),
        idempotency_key="k",
    )
    assert attempts == ()
    assert server.calls == []
    assert made.generator == "model:local:m"


async def test_the_users_tests_are_in_every_plan(server: ScriptedServer) -> None:
    request = Request(text="a game", tests={"checks/test_board.py": "from board import Board"})
    without = {
        "tasks": [t for t in GOOD["tasks"] if t["kind"] != "test"],
        "files": [f for f in GOOD["files"] if f["task"] != "tests"],
    }
    server.replies = [Reply(text=changed(**without)), Reply(text="no", times=9)]
    for _ in range(2):
        made, _attempts = await ask(server, request)
        assert check_plan(made) == []
        assert [f.path for f in made.files_of("user-tests")] == ["checks/test_board.py"]
        assert all("user-tests" in t.depends_on for t in made.tasks if t.kind == "code")


async def test_a_plan_that_takes_the_users_files_is_sent_back(server: ScriptedServer) -> None:
    request = Request(text="a game", tests={"tests/test_board.py": "from board import Board"})
    server.replies = [Reply(text=json.dumps(GOOD), times=9)]
    _, attempts = await ask(server, request)
    assert "tests/test_board.py has 2 owners" in attempts[0].reason


async def test_what_cannot_be_planned_is_refused(server: ScriptedServer) -> None:
    with pytest.raises(NoGeneratorError, match="bare"):
        await ask(server, prompt_style="bare")
    with pytest.raises(InputError):
        await ask(server, Request(text="x", language="python", tests={"a_test.go": "package a"}))
    assert server.calls == []
