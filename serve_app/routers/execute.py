"""/v1/execute: one program in a fresh sandbox."""

from __future__ import annotations

from fastapi import APIRouter

from actors.execution import ExecuteJob, Execution
from serve_app.auth import BackendDep, Caller

router = APIRouter(prefix="/v1/execute", tags=["execute"])


@router.post("")
async def run_program(job: ExecuteJob, backend: BackendDep, caller: Caller) -> Execution:
    """Runs without a network, as nobody. A program that fails is a result; 503 means there is no sandbox."""
    return await backend.sandbox.execute(job)
