"""/v1/validate: the six stages over given files."""

from __future__ import annotations

from fastapi import APIRouter

from actors.validation import ValidateJob
from qlp.models import Verdict
from serve_app.auth import BackendDep, Caller

router = APIRouter(prefix="/v1/validate", tags=["validate"])


@router.post("")
async def validate(job: ValidateJob, backend: BackendDep, caller: Caller) -> Verdict:
    """What each stage found, with the evidence."""
    return await backend.sandbox.validate(job)
