"""/v1/route: explain a routing decision without running anything."""

from __future__ import annotations

from fastapi import APIRouter

from qlp.models import Request
from qlp.routing.explain import Route, explain_route
from serve_app.auth import BackendDep, Caller
from serve_app.documents import PROBLEMS

router = APIRouter(prefix="/v1/route", tags=["route"])


@router.post("", responses={code: PROBLEMS[code] for code in (400, 401, 413, 422)})
async def explain(request: Request, backend: BackendDep, caller: Caller) -> Route:
    """Tier, model and number of candidates that the request would get now, with the alternatives, what each is
    expected to cost per verified success, and why. The body is that of `POST /v1/runs`. Nothing is run, no model is
    asked, and nothing is kept."""
    return await explain_route(request, backend.settings, backend.database, tenant=caller.tenant)
