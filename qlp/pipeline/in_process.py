"""The pipeline without a cluster: one event loop, nothing durable. For tests, notebooks and the overhead benchmark."""

from __future__ import annotations

from qlp.models import Outcome, Request, TaskResult
from qlp.pipeline.execute import run_task
from qlp.pipeline.run import run_pipeline
from qlp.pipeline.runtime import InProcessRuntime, Runtime, TaskInput
from qlp.pipeline.services import Services


async def run_in_process(request: Request, services: Services, run_id: str) -> Outcome:
    """Raises QLPError; tasks that still run are cancelled before it returns."""

    async def flow(runtime: Runtime, task: TaskInput) -> TaskResult:
        return await run_task(runtime, services, task)

    runtime = InProcessRuntime(run_id, flow, services.events)
    try:
        return await run_pipeline(runtime, services, request)
    finally:
        await runtime.close()
