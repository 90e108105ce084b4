"""One call of a tier against a real HTTP endpoint whose answers are scripted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qlp.agents.fallback_plan import fallback_plan
from qlp.agents.single_function import single_function_plan
from qlp.agents.tiers import Candidates, attempt
from qlp.config import ModelSettings
from qlp.errors import GenerationError, ProviderError, ProviderUnavailableError
from qlp.models import Analysis, Attempt, Finding, Plan, ProjectSpec, Request, SourceFile
from qlp.pipeline.runtime import TaskInput
from qlp.providers.endpoint import Endpoint
from qlp.providers.openai_compatible import OpenAICompatible
from qlp.providers.retry import RetryPolicy
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.unit
ANALYSIS = Analysis(spec=ProjectSpec(name="adder", kind="library", language="python", summary="s"))
LIBRARY = fallback_plan(Request(text="add numbers"), ANALYSIS)


def block(path: str, content: str = "x = 1\n") -> str:
    return f"````python path={path}\n{content}````\n"


WHOLE = block("adder.py") + block("requirements.txt", "# standard library only\n")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


async def run(
    server: ScriptedServer,
    *,
    plan: Plan = LIBRARY,
    task: str = "code",
    text: str = "add numbers",
    style: str = "fenced",
    **arguments: object,
) -> tuple[Candidates, Attempt]:
    endpoint = Endpoint(base_url=server.url, label="local", source="settings", price="free")
    provider = OpenAICompatible(endpoint, "m", retry=RetryPolicy(attempts=1))
    given = TaskInput(run_id="r", request=Request(text=text), analysis=ANALYSIS, plan=plan, task_id=task)
    call = {"tier": "t1", "idempotency_key": "k", **arguments}
    try:
        return await attempt(
            given, (), provider, settings=ModelSettings.model_validate({"prompt_style": style}), **call
        )  # type: ignore[arg-type]
    finally:
        await provider.aclose()


async def test_a_candidate_has_exactly_the_tasks_files(server: ScriptedServer) -> None:
    server.replies = [Reply(text=WHOLE + block("README.md"))]
    candidates, record = await run(server)
    assert [[f.path for f in files] for files in candidates] == [["adder.py", "requirements.txt"]]
    assert (record.tier, record.model, record.outcome) == ("t1", "local:m", "rejected")
    assert "awaiting validation" in record.reason
    assert "README.md" in record.reason
    assert record.prompt.startswith("implementer@")
    assert (record.usage.calls, record.usage.output_tokens) == (1, 10)
    assert server.calls[0].key == "k"


async def test_malformed_samples_are_dropped_and_counted(server: ScriptedServer) -> None:
    other = WHOLE.replace("x = 1", "x = 2")
    server.replies = [Reply(texts=[WHOLE, "nothing", WHOLE[:-8], other, WHOLE, block("../adder.py") + WHOLE])]
    candidates, record = await run(server, n=6)
    assert [files[0].content for files in candidates] == ["x = 1\n", "x = 2\n"]
    assert record.outcome == "rejected"
    for part in ("no_blocks x1", "unclosed x1", "bad_path x1", "1 of 6 samples repeat another"):
        assert part in record.reason


@pytest.mark.parametrize(
    "reply",
    [Reply(text="no code"), Reply(text=WHOLE[:-8], finish_reason="length"), Reply(text=""), Reply(mode="garbage")],
)
async def test_an_answer_without_a_candidate_is_malformed_not_an_error(server: ScriptedServer, reply: Reply) -> None:
    server.replies = [reply]
    candidates, record = await run(server)
    assert candidates == ()
    assert record.outcome == "malformed"
    assert record.reason
    assert record.usage.calls == 1, "the call was paid for"


async def test_the_token_limit_is_named_as_the_cause(server: ScriptedServer) -> None:
    server.replies = [Reply(text=WHOLE[:-8], finish_reason="length")]
    _, record = await run(server)
    assert "token limit" in record.reason


async def test_outages_and_refusals_are_errors(server: ScriptedServer) -> None:
    server.replies = [Reply(status=503), Reply(status=401)]
    with pytest.raises(ProviderUnavailableError):
        await run(server)
    with pytest.raises(ProviderError, match="401"):
        await run(server)


async def test_t1_is_one_shot_and_t2_repairs(server: ScriptedServer) -> None:
    server.replies = [Reply(text=WHOLE, times=2)]
    failure: dict[str, object] = {
        "feedback": (Finding(rule="pytest.failed", severity="high", message="assert 3 == 4"),),
        "previous_files": (SourceFile(path="adder.py", content="WRONG = 1\n"),),
        "output": "E   assert add(1, 2) == 4",
    }
    await run(server, tier="t1", **failure)
    await run(server, tier="t2", **failure)
    for text in ("assert 3 == 4", "WRONG = 1", "assert add(1, 2) == 4"):
        assert text not in server.calls[0].last
        assert text in server.calls[1].last


@pytest.mark.parametrize(("task", "role"), [("code", "implementer"), ("test", "tester"), ("docs", "documenter")])
async def test_each_kind_of_task_has_its_role(server: ScriptedServer, task: str, role: str) -> None:
    server.replies = [Reply(text="".join(block(f.path) for f in LIBRARY.files_of(task)))]
    candidates, record = await run(server, task=task)
    assert len(candidates) == 1
    assert record.prompt.startswith(role + "@")


def function_plan(tests: dict[str, str]) -> Plan:
    plan = single_function_plan(Request(text="x", tests=tests), ANALYSIS)
    assert plan is not None
    return plan


@pytest.mark.parametrize("answer", ["def f(x):\n    return x\n", "Sure!\n```python\ndef f(x):\n    return x\n```\n"])
async def test_bare_sends_the_request_alone_and_takes_the_whole_answer(server: ScriptedServer, answer: str) -> None:
    server.replies = [Reply(text=answer)]
    plan = function_plan({"test_s.py": "from solution import f"})
    candidates, record = await run(server, plan=plan, style="bare", text="# task: take a number: add 3")
    assert candidates == ((SourceFile(path="solution.py", content="def f(x):\n    return x\n"),),)
    assert server.calls[0].body["messages"] == [{"role": "user", "content": "# task: take a number: add 3"}]
    assert record.prompt == ""


async def test_bare_cannot_fill_several_files(server: ScriptedServer) -> None:
    server.replies = [Reply(text="x = 1")]
    with pytest.raises(GenerationError, match="2 files"):
        await run(server, style="bare")


@pytest.mark.parametrize("style", ["bare", "fenced"])
async def test_the_manifest_of_a_go_function_needs_no_model(server: ScriptedServer, style: str) -> None:
    code = "package stack\n\nfunc F() int { return 1 }\n"
    server.replies = [Reply(text=code if style == "bare" else block("solution.go", code))]
    (files,), _ = await run(server, plan=function_plan({"s_test.go": "package stack"}), style=style)
    assert [(f.path, f.content) for f in files] == [
        ("solution.go", code),
        ("go.mod", "module stack\n\ngo 1.19\n"),
    ]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("import fs from 'node:fs'\nexport const f = 1\n", "rejected"),
        ("import express from 'express'\nexport const f = 1\n", "malformed"),
    ],
)
async def test_a_package_manifest_is_supplied_only_without_dependencies(
    server: ScriptedServer, code: str, outcome: str
) -> None:
    plan = function_plan({"s.test.js": "import { f } from './solution.js'"})
    server.replies = [Reply(text=block("solution.js", code))]
    candidates, record = await run(server, plan=plan)
    assert record.outcome == outcome
    if candidates:
        assert '"type": "module"' in candidates[0][1].content
