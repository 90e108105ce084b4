"""A pipeline whose steps write down that they ran: what the durability tests count."""

from __future__ import annotations

import asyncio
import os
import secrets
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from qlp.budget import Call, Ledger
from qlp.config import Settings
from qlp.errors import GenerationError
from qlp.models import (
    Analysis,
    Confidence,
    InterfaceContract,
    Outcome,
    Plan,
    ProjectSpec,
    Request,
    SourceFile,
    Task,
    TaskResult,
    Usage,
)
from qlp.pipeline.runtime import EventSink, Runtime, TaskInput
from qlp.store import Database


class Script(BaseModel):
    """The request's text is this as JSON."""

    tasks: list[str] = ["code", "test"]
    chain: bool = True
    """Each task depends on the one before."""
    step_s: float = 0.0
    fail: str = ""
    """Name of a task that raises GenerationError."""
    crash: str = ""
    """Name of a task with a defect (KeyError)."""
    usd: float = 0.0
    """What each call of a task costs; such a call is reserved and settled in the ledger."""


class Services:
    def __init__(self, home: Path, ledger: Ledger) -> None:
        self.home = home
        self.ledger = ledger

    def note(self, run_id: str, what: str) -> None:
        with (self.home / f"calls-{run_id}.log").open("a") as out:
            out.write(f"{what} {os.getpid()}\n")


async def build_services(settings: Settings, events: EventSink, database: Database) -> Services:
    return Services(settings.home, Ledger(database, settings.budgets))


async def _work(services: Services, run_id: str, name: str, seconds: float) -> str:
    services.note(run_id, f"start:{name}")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        services.note(run_id, f"cancelled:{name}")
        raise
    services.note(run_id, f"done:{name}")
    return name


async def _paid(services: Services, task: TaskInput, name: str, script: Script) -> str:
    call = Call(run_id=task.run_id, key=name, attempt=secrets.token_hex(4), model="fake:model", task=task.task_id)
    usd = Decimal(str(script.usd))
    kept = await services.ledger.reserve(call, usd, cap=task.request.max_cost_usd)
    done = await _work(services, task.run_id, name, script.step_s)
    await services.ledger.settle(kept, Usage(calls=1, input_tokens=10, output_tokens=5, cost_usd=usd))
    return done


async def run_pipeline(runtime: Runtime, services: Services, request: Request) -> Outcome:
    script = Script.model_validate_json(request.text)
    await runtime.step("analyse", str, lambda: _work(services, runtime.run_id, "analyse", script.step_s))
    await runtime.emit("plan", "run.plan.ready", {"tasks": script.tasks})
    plan = Plan(
        generator="blueprint:fake@1",
        tasks=tuple(
            Task(id=name, kind="code", title=name, depends_on=(script.tasks[i - 1],) if i and script.chain else ())
            for i, name in enumerate(script.tasks)
        ),
        contract=InterfaceContract(project="fake", kind="library", language="python", files=()),
    )
    analysis = Analysis(spec=ProjectSpec(name="fake", kind="library", language="python", summary="fake"))
    for task in plan.tasks:
        await runtime.start_task(
            TaskInput(run_id=runtime.run_id, request=request, analysis=analysis, plan=plan, task_id=task.id)
        )
    results = await asyncio.gather(*(runtime.task_result(task.id, 0) for task in plan.tasks))
    name = await runtime.step("package", str, lambda: _work(services, runtime.run_id, "package", script.step_s))
    return Outcome(
        verified=True,
        decision="accept",
        stages=(),
        confidence=Confidence(probability=0.5, label="uncalibrated", formula="fake@1", contributions=()),
        usage=sum((r.usage for r in results), Usage()),
        capsule=f"{name}.zip",
        capsule_digest="sha256:0",
        generator=plan.generator,
        timings={},
    )


async def run_task(runtime: Runtime, services: Services, task: TaskInput) -> TaskResult:
    script = Script.model_validate_json(task.request.text)
    me = task.plan.task(task.task_id)
    await runtime.emit(f"started:{me.id}", "run.task.started", {"task": me.id})
    upstream = [await runtime.task_result(name, task.round) for name in me.depends_on]
    for n in range(2):
        if script.usd:
            await runtime.step(f"model:{n}", str, partial(_paid, services, task, f"{me.id}.{n}", script))
        else:
            call = partial(_work, services, runtime.run_id, f"{me.id}.{n}", script.step_s)
            await runtime.step(f"call{n}", str, call)
    if script.fail == me.id:
        await runtime.step("fail", str, _refuse)
    if script.crash == me.id:
        await runtime.step("crash", str, _defect)
    await runtime.emit(f"completed:{me.id}", "run.task.completed", {"task": me.id})
    return TaskResult(
        task_id=me.id,
        files=(SourceFile(path=f"{me.id}.py", content="\n".join(u.task_id for u in upstream)),),
        attempts=(),
    )


async def _refuse() -> str:
    raise GenerationError("the agents gave up", task="x")


async def _defect() -> str:
    empty: dict[str, Any] = {}
    return str(empty["missing"])
