"""/v1/validate: the six stages over a snippet, files, an archive or a git repository."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from qlp.validation.outcome import Validation
from qlp.validation.reports.junit import MEDIA_TYPE as JUNIT
from qlp.validation.reports.sarif import MEDIA_TYPE as SARIF
from serve_app.auth import BackendDep, Caller
from serve_app.documents import PROBLEMS
from serve_app.validate_body import BODY, read_job

router = APIRouter(prefix="/v1/validate", tags=["validate"])

Format = Literal["json", "sarif", "junit"]
_REPORTS = {
    "description": "The verdict with its evidence; or, if asked for, a report in another form.",
    "content": {SARIF: {"schema": {"type": "object"}}, JUNIT: {"schema": {"type": "string"}}},
}


@router.post("", response_model=Validation, responses={200: _REPORTS, **PROBLEMS}, openapi_extra=BODY)
async def validate(
    request: Request,
    backend: BackendDep,
    caller: Caller,
    format: Annotated[Format | None, Query(description="By default as `Accept` says, else json.")] = None,
    accept: Annotated[str | None, Header()] = None,
) -> Validation | Response:
    """What each stage found, with the evidence, and what follows from it.

    A faulty project is a result (200): look at `verified` and `decision`. The tools run in a sandbox without a
    network; of a git repository nothing is executed elsewhere. An archive can also be the body itself
    (`Content-Type: application/zip`), with the options as query parameters, or a field of a form. `Accept:
    application/sarif+json` or `?format=sarif|junit` answer with a report. Closing the connection cancels the tools.
    429 means that the queue is full (`Retry-After`).
    """
    job = await read_job(request)
    chosen = format or _accepted(accept)
    report = None if chosen == "json" else chosen
    validation = await backend.validators.validate(job, caller.tenant, report=report)
    if validation.report is not None:
        return Response(validation.report.encode(), media_type=SARIF if chosen == "sarif" else JUNIT)
    return validation


def _accepted(accept: str | None) -> Format:
    asked = (accept or "").lower()
    if SARIF in asked:
        return "sarif"
    return "junit" if JUNIT in asked and "json" not in asked and "html" not in asked else "json"
