"""Alive and ready. No key needed, and nothing told that a stranger should not know."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse

from qlp.errors import QLPError
from serve_app.auth import BackendDep
from serve_app.backend import READY_TIMEOUT_S, Backend

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    status: str = "ok"


class Ready(BaseModel):
    status: str
    checks: dict[str, str]
    """Part -> `ready`, or what is wrong."""


@router.get("/healthz")
async def alive() -> Alive:
    """This replica answers."""
    return Alive()


@router.get("/readyz", response_model=Ready, responses={503: {"model": Ready}})
async def ready(backend: BackendDep) -> JSONResponse:
    """Runs can be taken, stored and verified."""
    workers, store, sandbox = await asyncio.gather(backend.worker_health(), _store(backend), _sandbox(backend))
    checks = {**workers, "store": store, "sandbox": sandbox}
    good = all(state == "ready" for state in checks.values())
    body = Ready(status="ready" if good else "not_ready", checks=checks)
    return JSONResponse(body.model_dump(), status_code=200 if good else 503)


async def _store(backend: Backend) -> str:
    try:
        await backend.database.write(lambda connection: None)
    except QLPError as error:
        return error.detail
    return "ready"


async def _sandbox(backend: Backend) -> str:
    try:
        status = await backend.sandbox.status(timeout_s=READY_TIMEOUT_S)
    except QLPError as error:
        return error.detail
    return "ready" if status.available else f"{status.detail} {status.remedy}".strip()
