"""/v1/experiments: what experiments show so far, over the caller's own units."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from qlp.routing.experiments.report import ExperimentReport
from qlp.routing.experiments.store import ExperimentStore
from serve_app.auth import BackendDep, Caller
from serve_app.backend import Backend
from serve_app.documents import NOT_FOUND, PROBLEMS

router = APIRouter(prefix="/v1/experiments", tags=["experiments"])


class ExperimentList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ExperimentReport]
    first_id: str | None
    last_id: str | None
    has_more: bool = False


@router.get("", responses={401: PROBLEMS[401]})
async def list_experiments(backend: BackendDep, caller: Caller) -> ExperimentList:
    """The experiments that the tenant takes part in. They are defined in the settings (`routing.experiments`)."""
    reports = list(await _store(backend).reports(tenant=caller.tenant))
    names = [r.name for r in reports]
    return ExperimentList(data=reports, first_id=names[0] if names else None, last_id=names[-1] if names else None)


@router.get("/{name}", responses={401: PROBLEMS[401], **NOT_FOUND})
async def get_experiment(name: str, backend: BackendDep, caller: Caller) -> ExperimentReport:
    """Rates, costs and tests of one experiment. The p values hold however often one looks."""
    return await _store(backend).report(name, tenant=caller.tenant)


def _store(backend: Backend) -> ExperimentStore:
    return ExperimentStore(backend.database, backend.settings.routing.experiments)
