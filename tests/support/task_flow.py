"""One task's flow without HTTP, engine or database: scripted models by tier, verdicts from a function, replayed steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qlp.agents.fallback_plan import fallback_plan
from qlp.config import AgentSettings, ModelSettings, Settings
from qlp.models import (
    Analysis,
    Finding,
    InterfaceContract,
    Plan,
    ProjectSpec,
    Request,
    SourceFile,
    Stage,
    StageResult,
    TaskResult,
    Tier,
    Verdict,
)
from qlp.pipeline.runtime import TaskInput
from qlp.pipeline.task_context import TaskContext
from qlp.providers.protocol import Provider
from tests.support.memory_shell import MemoryBackend
from tests.support.replay_runtime import ReplayRuntime

ANALYSIS = Analysis(spec=ProjectSpec(name="adder", kind="library", language="python", summary="s"))
Failing = Callable[[Mapping[str, str], tuple[Stage, ...]], list[str] | None]
"""Names of the failing tests of a project, None: its syntax is wrong."""


def block(path: str, content: str = "x = 1\n") -> str:
    return f"````python path={path}\n{content}````\n"


def adder(body: str) -> str:
    """An answer with all files of the task `code`."""
    return block("adder.py", body) + block("requirements.txt", "# nothing\n")


class FakeServices:
    """What a task's flow uses of `Services`."""

    def __init__(self, settings: Settings, providers: Mapping[Tier, Provider], failing: Failing) -> None:
        self.settings = settings
        self.sandbox = MemoryBackend()
        self.router = None
        self.validated: list[Mapping[str, str]] = []
        self._providers = providers
        self._failing = failing

    async def guarded(self, tier: Tier, request: Request, run_id: str, *, model: str | None = None) -> Provider:
        return self._providers[tier]

    async def validate(
        self,
        files: tuple[SourceFile, ...],
        contract: InterfaceContract,
        *,
        stages: tuple[Stage, ...] = ("syntax", "tests"),
        **_: Any,
    ) -> Verdict:
        content = {f.path: f.content for f in files}
        self.validated.append(content)
        failed = self._failing(content, stages)
        results = [StageResult(stage="syntax", status="failed" if failed is None else "passed")]
        if "tests" in stages:
            findings = tuple(Finding(rule="test-failed", severity="high", message=f"{n}: wrong") for n in failed or [])
            passed = 3 - len(findings)
            results.append(
                StageResult(
                    stage="tests",
                    status="failed" if findings or failed is None else "passed",
                    findings=findings,
                    facts={"tests_passed": passed, "tests_failed": len(findings)},
                )
            )
        green = all(r.status == "passed" for r in results)
        return Verdict(input_digest="", stages=tuple(results), verified=green)


def flow(
    providers: Mapping[Tier, Provider],
    failing: Failing,
    *,
    tests: bool = False,
    n: int = 1,
    runtime: ReplayRuntime | None = None,
    tier: Tier | None = None,
    models: Mapping[str, Any] | None = None,
    **agents: Any,
) -> tuple[TaskContext, FakeServices]:
    """The code task of a small library. `tests`: the user's tests are upstream."""
    given = {"test_given.py": "import adder\n"} if tests else {}
    request = Request(text="add numbers", tests=given, tier=tier)
    plan: Plan = fallback_plan(Request(text="add numbers"), ANALYSIS, generator="model:test:scripted")
    upstream: tuple[TaskResult, ...] = ()
    if tests:
        files = tuple(SourceFile(path=p, content=c) for p, c in given.items())
        upstream = (TaskResult(task_id="test", files=files, attempts=()),)
        contract = plan.contract
        owned = tuple(f.model_copy(update={"path": "test_given.py"}) if f.task == "test" else f for f in contract.files)
        plan = plan.model_copy(update={"contract": contract.model_copy(update={"files": owned})})
    settings = Settings(models=ModelSettings(n=n, **(models or {})), agents=AgentSettings(**agents))
    services: Any = FakeServices(settings, providers, failing)
    task = TaskInput(run_id="run_1", request=request, analysis=ANALYSIS, plan=plan, task_id="code")
    return TaskContext(runtime or ReplayRuntime(), services, task, upstream), services
