"""/v1/execute: one program in a sandbox of its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import Response

from qlp.models.execution import Execution
from qlp.sandbox.execution import ExecuteJob, execution
from qlp.sandbox.protocol import OutputListener
from serve_app.auth import BackendDep, Caller
from serve_app.documents import EVENTS, PROBLEMS
from serve_app.event_stream import OutputStream

router = APIRouter(prefix="/v1/execute", tags=["execute"])


def wants_stream(asked: bool, accept: str | None) -> bool:
    return asked or "text/event-stream" in (accept or "").lower()


@router.post("", response_model=Execution, responses={200: EVENTS, **PROBLEMS})
async def run_program(
    job: ExecuteJob, backend: BackendDep, caller: Caller, accept: Annotated[str | None, Header()] = None
) -> Execution | Response:
    """Runs without a network, as nobody, in namespaces of its own.

    A program that fails is a result (200): look at `exit_code`, `signal`, `timed_out` and `oom`. `compile` and `run`
    tell the commands apart. 429 means that the queue is full (`Retry-After`), 503 that there is no sandbox (`remedy`
    says what to do). With `stream: true` or `Accept: text/event-stream` the answer is a stream of
    `execution.output.delta` events that ends with `execution.completed` or `execution.failed`; closing it cancels the
    program.
    """
    plan = job.program()
    work = job.work(plan, backend.settings.sandbox, tenant=caller.tenant)

    async def run(on_output: OutputListener | None = None) -> Execution:
        done = await backend.sandbox.execute(work, on_output=on_output)
        return execution(done, profile=plan.profile, compiles=plan.compiles, output_bytes=job.limits.output_bytes)

    if wants_stream(job.stream, accept):
        return await OutputStream(run, name="execution", output_bytes=job.limits.output_bytes).ready()
    return await run()
